// mailbox/imap/grammar/special_use.cc: the table of special uses.
#include "mailbox/imap/grammar/special_use.h"

#include <algorithm>
#include <array>

namespace postern::imap {
namespace {

using mailbox::SpecialUse;

struct Named {
  SpecialUse use;
  std::string_view written, upper;
};
// clang-format off
constexpr std::array names{
    Named{SpecialUse::drafts,  "\\Drafts",  "\\DRAFTS"},
    Named{SpecialUse::sent,    "\\Sent",    "\\SENT"},
    Named{SpecialUse::junk,    "\\Junk",    "\\JUNK"},
    Named{SpecialUse::trash,   "\\Trash",   "\\TRASH"},
    Named{SpecialUse::archive, "\\Archive", "\\ARCHIVE"},
};
// clang-format on

}  // namespace

std::string_view attribute_of(SpecialUse use) {
  const auto* found = std::ranges::find(names, use, &Named::use);
  return found == names.end() ? "" : found->written;
}

std::optional<SpecialUse> special_use(std::string_view upper_name) {
  const auto* found = std::ranges::find(names, upper_name, &Named::upper);
  if (found == names.end()) return {};
  return found->use;
}

}  // namespace postern::imap
