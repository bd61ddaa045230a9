// mailbox/imap/session/command.h: what a command demands of its session: a row of the table that
// `commands/table.cc` puts together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/imap/grammar/request.h"
#include "mailbox/imap/session/context.h"
#include "mailbox/imap/session/replies.h"

namespace postern::imap {

class AccountSession;

/// Whether there is a UID form too (RFC 3501 §6.4.8). It obeys the same handler, which asks
/// `Request::is_by_uid`.
enum class Variant : std::uint8_t { plain, with_uid };

/// Where a command is legal (RFC 3501 §3). `before_login` ones are obeyed by the login phase; their
/// handlers say that it is over.
enum class States : std::uint8_t { any, before_login, after_login, selected };

/// Whether the plain form uses message numbers: then no EXPUNGE may be told at its end (RFC 3501
/// §7.4.1). The UID form never does.
enum class Numbers : std::uint8_t { unused, used };

/// Whether anything may follow the name.
enum class Arguments : std::uint8_t { none, some, with_uid };  // with_uid: of the UID form alone

/// When a capability is told. Clients look before the login for what they would use at once.
enum class Told : std::uint8_t { always, before_login, after_login };

/// Words of CAPABILITY's answer (RFC 3501 §7.2.1), those of a command or of an extension that is
/// none.
struct Capability {
  std::string_view words = {};  // with blanks between; "" when there are none
  Told told = Told::after_login;
  /// Takes the place of `words` where they depend on the instance or on the connection.
  std::string (*words_now)(const Context& context, const net::Stream& stream) = nullptr;
};

/// Obeys one request. Whatever it writes itself is untagged; what it returns ends the command.
/// `request.arguments` are good until it has returned.
using Handler = Task<Answer> (*)(AccountSession& session, Request request);

struct Command {
  std::string_view name;  // in capitals, without "UID "
  Variant variant;
  States states;
  Numbers numbers;
  Arguments arguments;
  Handler handler;
  Capability capability = {};

  bool takes_arguments(bool by_uid) const {
    return arguments == Arguments::some || (arguments == Arguments::with_uid && by_uid);
  }
  bool uses_numbers(bool by_uid) const { return numbers == Numbers::used && !by_uid; }
};

/// All commands, and the capabilities that are no command, in the order of CAPABILITY's answer. The
/// rows live as long as the program.
class CommandTable {
 public:
  using Row = std::variant<const Command*, const Capability*>;
  explicit constexpr CommandTable(std::span<const Row> rows) : rows_(rows) {}

  /// By the name in capitals, "FETCH" or "UID FETCH"; null when there is no such command.
  const Command* find(std::string_view name) const;

  /// "IMAP4rev1 LITERAL+ …" on this connection, before the login or after it.
  std::string capabilities(const Context& context, const net::Stream& stream,
                           bool is_logged_in) const;

 private:
  std::span<const Row> rows_;
};

}  // namespace postern::imap
