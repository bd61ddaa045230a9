// relay
