// mailbox
