// mailbox/imap/commands/fetch/answers.cc: items and sections of a message, one after the other.
#include "mailbox/imap/commands/fetch/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mailbox/imap/grammar/flags.h"
#include "mailbox/imap/grammar/writer.h"

namespace postern::imap {
namespace {

constexpr std::uint64_t block_size = 256 * 1024;  // of a body, in memory at a time
constexpr std::size_t write_at = 32 * 1024;       // small answers are gathered up to this

}  // namespace

Task<> FetchAnswers::write(const FetchBatch& batch) {
  if (plan_.sets_seen())
    newly_seen_ = co_await mark_seen(*session_.mailbox, *folder_, batch.messages);
  octets_ = batch.octets;
  ShownMessages messages(*session_.mailbox, *folder_, plan_, batch.metadata);
  for (const FetchedMessage& message : batch.messages) {
    std::optional<ShownMessage> shown = messages.find(message);
    if (!shown) {
      missed_some_ = true;
      continue;
    }
    if (plan_.reads_parts()) co_await find_parts(*session_.mailbox, plan_, *shown);
    begin(*shown);
    auto source = shown->sources.begin();
    for (bool is_first = true; const FetchItem& item : plan_.items()) {
      if (!std::exchange(is_first, false)) out_ += ' ';
      if (item.kind != FetchItem::Kind::section) {
        write_item(item, *shown);
      } else if (const Range octets = write_section(item, *source++); octets.length > 0) {
        co_await send_octets(shown->entry, octets);
      }
    }
    out_ += ")\r\n";
    if (out_.size() >= write_at) co_await flush();
  }
}

void FetchAnswers::begin(const ShownMessage& shown) {
  out_ += session_.write_new_keywords();  // before a message that may have one
  out_ += "* ";
  write_number(out_, shown.number);
  out_ += " FETCH (";
  if (!std::ranges::binary_search(newly_seen_, shown.entry.uid)) return;
  for (const FetchItem& item : plan_.told_with_seen()) {
    write_item(item, shown);
    out_ += ' ';
  }
}

void FetchAnswers::write_item(const FetchItem& item, const ShownMessage& shown) {
  using Kind = FetchItem::Kind;
  const mailbox::MessageEntry& entry = shown.entry;
  out_ += item.label;
  out_ += ' ';
  switch (item.kind) {
    case Kind::flags:
      out_ += session_.flags_of(entry);
      session_.selection->view.tell(shown.number, entry.modseq);
      break;
    case Kind::internal_date:
      out_ += write_internal_date(entry.internal_date);
      break;
    case Kind::size:
      write_number(out_, entry.size);
      break;
    case Kind::uid:
      write_number(out_, static_cast<std::uint32_t>(entry.uid));
      break;
    case Kind::modseq:
      out_ += '(';
      write_number(out_, entry.modseq);
      out_ += ')';
      break;
    case Kind::envelope:
      out_ += shown.metadata->envelope;
      break;
    case Kind::body_structure:
      out_ += shown.metadata->body_structure;
      break;
    case Kind::body:
      out_ += shown.metadata->body;
      break;
    case Kind::section:
      break;
  }
}

/// Gives the octets of the stored message that have to follow, if any.
Range FetchAnswers::write_section(const FetchItem& item, const SectionSource& source) {
  out_ += item.label;
  if (item.partial) fmt::format_to(std::back_inserter(out_), "<{}>", item.partial->offset);
  if (!source.exists) {
    out_ += " NIL";
    return {};
  }
  Range part{0, source.size()};
  if (item.partial) {  // past the end it is the empty string: RFC 3501 §6.4.5
    part.offset = std::min<std::uint64_t>(item.partial->offset, part.length);
    part.length = std::min<std::uint64_t>(item.partial->count, part.length - part.offset);
  }
  out_ += ' ';
  begin_literal(out_, part.length);
  if (!source.text) return {source.range.offset + part.offset, part.length};
  append_octets(out_, std::string_view(*source.text).substr(part.offset, part.length));
  return {};
}

/// Stored octets: those that came with the batch, or block by block.
Task<> FetchAnswers::send_octets(const mailbox::MessageEntry& entry, Range range) {
  const auto found = std::ranges::lower_bound(octets_, entry.uid, {}, &mailbox::Octets::uid);
  if (found != octets_.end() && found->uid == entry.uid &&
      found->bytes.size() >= range.offset + range.length) {
    append_octets(out_, std::string_view(found->bytes).substr(range.offset, range.length));
    co_return;
  }
  co_await send_blocks(entry.content, range);
}

Task<> FetchAnswers::send_blocks(mailbox::ContentId content, Range range) {
  while (range.length > 0) {
    const std::uint64_t length = std::min(range.length, block_size);
    const std::string block = co_await session_.mailbox->read(&mailbox::MailboxStore::octets,
                                                              content, range.offset, length);
    if (block.size() != length) {
      // The file is damaged, and the literal's size is said already: nothing but the end of the
      // connection tells the truth now.
      session_.stream.close();
      throw ConnectionClosed("a message is shorter than it was");
    }
    append_octets(out_, block);
    if (out_.size() >= write_at) co_await flush();
    range.offset += length;
    range.length -= length;
  }
}

Task<> FetchAnswers::flush() {
  co_await session_.stream.write(out_);
  out_.clear();
}

}  // namespace postern::imap
