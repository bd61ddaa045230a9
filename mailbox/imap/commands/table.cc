// mailbox/imap/commands/table.cc: the table of commands. CAPABILITY names what they are capable of
// in its order, so the rows stand as clients have always read them.
#include "mailbox/imap/commands/table.h"

#include <array>

#include "mailbox/imap/commands/rows.h"

namespace postern::imap {
namespace {

constexpr Capability basics{.words = "IMAP4rev1 LITERAL+ SASL-IR",  // RFC 3501, 7888, 4959
                            .told = Told::always};

// clang-format off
constexpr std::array rows{
    CommandTable::Row(&basics),
    CommandTable::Row(&row::capability),
    CommandTable::Row(&row::noop),
    CommandTable::Row(&row::check),
    CommandTable::Row(&row::logout),
    CommandTable::Row(&row::id),
    CommandTable::Row(&row::enable),
    CommandTable::Row(&row::idle),
    CommandTable::Row(&row::starttls),
    CommandTable::Row(&row::authenticate),
    CommandTable::Row(&row::login),
    CommandTable::Row(&row::name_space),
    CommandTable::Row(&row::expunge),
    CommandTable::Row(&row::copy),
    CommandTable::Row(&row::move),
    CommandTable::Row(&row::close),
    CommandTable::Row(&row::unselect),
    CommandTable::Row(&row::attributes),
    CommandTable::Row(&row::create),
    CommandTable::Row(&row::remove),
    CommandTable::Row(&row::rename),
    CommandTable::Row(&row::subscribe),
    CommandTable::Row(&row::unsubscribe),
    CommandTable::Row(&row::list),
    CommandTable::Row(&row::lsub),
    CommandTable::Row(&row::status),
    CommandTable::Row(&row::select),
    CommandTable::Row(&row::examine),
    CommandTable::Row(&row::fetch),
    CommandTable::Row(&row::store),
    CommandTable::Row(&row::search),
    CommandTable::Row(&row::append),
    CommandTable::Row(&row::get_quota),
    CommandTable::Row(&row::get_quota_root),
    CommandTable::Row(&row::set_quota),
    CommandTable::Row(&row::append_limit),
};
// clang-format on

constexpr CommandTable all_commands(rows);

}  // namespace

const CommandTable& command_table() { return all_commands; }

}  // namespace postern::imap
