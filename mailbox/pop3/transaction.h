// mailbox/pop3/transaction.h: the TRANSACTION and UPDATE states (RFC 1939 §5, §6).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mailbox/pop3/conversation.h"
#include "mailbox/pop3/maildrop.h"
#include "mailbox/pop3/session.h"

namespace postern::pop3 {

/// From the login to QUIT, on the account's loop. The caller's stream and context outlive it.
class Transaction {
 public:
  Transaction(net::Stream& stream, const Context& context,
              std::shared_ptr<mailbox::Mailbox> mailbox)
      : stream_(stream),
        context_(context),
        client_(stream, When::transaction, context.idle_timeout),
        mailbox_(std::move(mailbox)) {}

  Task<> run();

 private:
  Task<> take_snapshot();
  Task<> obey(const Command& command);
  Task<> list(std::optional<std::uint32_t> number,
              std::string (Maildrop::*row)(std::uint32_t) const);
  Task<> send_message(std::uint32_t number, std::optional<std::uint32_t> lines);
  Task<std::optional<std::string>> first_piece(std::uint32_t number);
  Task<> read_ahead(std::uint32_t number);
  Task<> quit();
  Task<bool> remove(std::vector<mailbox::Uid> uids);

  net::Stream& stream_;
  const Context& context_;
  Conversation client_;
  std::shared_ptr<mailbox::Mailbox> mailbox_;
  mailbox::FolderId folder_{};
  Maildrop maildrop_;
  std::vector<mailbox::Octets> ahead_;  // the messages that the client will ask for next
};

}  // namespace postern::pop3
