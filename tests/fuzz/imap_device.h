// tests/fuzz/imap_device.h: one IMAP client that believes nothing: each reply must fit the model.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/mailbox_model.h"
#include "tests/fuzz/session_world.h"
#include "tests/support/imap_reply.h"

namespace postern::fuzz {

/// Ends the process, and says which reply to which command was wrong.
[[noreturn]] void wrong(const std::string& why);
void demand(bool holds, const std::string& why);

class ImapDevice {
 public:
  explicit ImapDevice(Peer peer) : peer_(std::move(peer)) {}

  Task<> log_in();
  /// Sends a command and takes its replies; the last is the tagged one. `expunges`: whether
  /// EXPUNGE may be told meanwhile (RFC 3501 §7.4.1).
  Task<std::vector<test::ImapReply>> say(std::string command, bool expunges = true);

  // What is selected, as the client knows it.
  void select(FolderRef folder, bool is_read_only);
  void unselect() { folder_ = nullptr; }
  const FolderRef& folder() const { return folder_; }
  bool is_read_only() const { return is_read_only_; }
  /// Uids by message number.
  const std::vector<std::uint32_t>& view() const { return view_; }
  /// The flags of a message as the client believes them to be; none when it never heard of them.
  Flags* believed(std::uint32_t uid);
  /// The uids that a set means.
  std::vector<std::uint32_t> chosen(const ModelSet& set, bool by_uid) const;

 private:
  Task<test::ImapReply> reply();
  void take(const test::ImapReply& reply, bool expunges);
  void compare(bool expunges) const;

  Peer peer_;
  FolderRef folder_;
  bool is_read_only_ = false;
  std::vector<std::uint32_t> view_;
  std::map<std::uint32_t, Flags> believed_;
  std::string command_;
  int tag_ = 0;
};

}  // namespace postern::fuzz
