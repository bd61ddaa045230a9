// mailbox/imap/fetch.cc: FETCH and UID FETCH (RFC 3501 §6.4.5; RFC 7162).
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/async/task_group.h"
#include "mailbox/imap/account_session.h"
#include "mailbox/imap/flags.h"
#include "mailbox/imap/section_source.h"
#include "mailbox/imap/writer.h"

namespace postern::imap {
namespace {

constexpr std::size_t batch_size = 256;            // messages that are read at once
constexpr std::uint64_t batch_octets = 1 << 20;    // of these, about
constexpr std::uint64_t usual_header = 16 * 1024;  // seldom is one longer; RFC 5322 sets no limit
constexpr std::uint64_t block_size = 256 * 1024;   // of a body, in memory at a time
constexpr std::size_t write_at = 32 * 1024;        // small answers are gathered up to this

class Fetch {
 public:
  Fetch(AccountSession& session, FetchRequest request, bool by_uid)
      : session_(session), request_(std::move(request)), folder_(session.selection->folder) {
    if (by_uid) demand(FetchItem::Kind::uid, "UID");
    if (request_.changed_since) demand(FetchItem::Kind::modseq, "MODSEQ");
    for (const FetchItem& item : request_.items) look_at(item);
    asks_for_flags_ = std::ranges::find(request_.items, FetchItem::Kind::flags, &FetchItem::kind) !=
                      request_.items.end();
  }

  /// False when some messages were gone.
  Task<bool> run(std::vector<std::uint32_t> numbers) {
    if (!reads_store()) co_return co_await write_all(numbers);
    Channel<Batch> batches(1);
    TaskGroup reading;
    reading.spawn(read(std::move(numbers), batches));
    std::exception_ptr failure;
    try {
      while (const std::optional<Batch> batch = co_await batches.receive()) co_await write(*batch);
      co_await flush();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) reading.cancel();
    batches.close();
    co_await reading.join();
    if (failure) std::rethrow_exception(failure);
    co_return !missed_some_;
  }

 private:
  /// Adds an item that the client did not name itself.
  void demand(FetchItem::Kind kind, std::string_view label) {
    if (std::ranges::find(request_.items, kind, &FetchItem::kind) != request_.items.end()) return;
    FetchItem item;
    item.kind = kind;
    item.label = label;
    request_.items.insert(request_.items.begin(), std::move(item));
  }

  void look_at(const FetchItem& item) {
    using Kind = FetchItem::Kind;
    session_.speaks_condstore |= item.kind == Kind::modseq;
    wanted_.envelope |= item.kind == Kind::envelope;
    wanted_.body_structure |= item.kind == Kind::body_structure;
    wanted_.body |= item.kind == Kind::body;
    if (item.kind != Kind::section) return;
    const bool is_whole_message =
        item.section.part.empty() && item.section.kind == Section::Kind::whole;
    wanted_.header |= item.section.part.empty() && !is_whole_message;
    sends_octets_ |=
        item.section.part.empty() && (is_whole_message || item.section.kind == Section::Kind::text);
    sets_seen_ |= !item.peek && !session_.selection->is_read_only;
  }

  /// Messages, and what was read of them in one way to the disk.
  struct Batch {
    std::vector<mailbox::Uid> uids;
    std::vector<mailbox::Metadata> metadata;  // ascending by content
    std::vector<mailbox::Octets> contents;

    const mailbox::Metadata* metadata_of(const mailbox::MessageEntry& message) const {
      const auto found =
          std::ranges::lower_bound(metadata, message.content, {}, &mailbox::Metadata::content);
      return found != metadata.end() && found->content == message.content ? &*found : nullptr;
    }
  };

  /// The next batch is read while one is written.
  Task<> read(std::vector<std::uint32_t> numbers, Channel<Batch>& batches) {
    const ChannelCloser<Batch> closer(batches);
    std::span<const std::uint32_t> left = numbers;
    while (!left.empty()) {
      Batch batch{.uids = take_batch(left), .metadata = {}, .contents = {}};
      if (reads_metadata()) {
        batch.metadata = co_await session_.mailbox->metadata(contents_of(batch.uids), wanted_);
      }
      if (sends_octets_) {
        batch.contents = co_await session_.mailbox->contents(folder_->id, batch.uids);
      }
      if (!co_await batches.send(std::move(batch))) co_return;
    }
  }

  /// Those of the next numbers that the client wants; `left` is shortened by them.
  std::vector<mailbox::Uid> take_batch(std::span<const std::uint32_t>& left) {
    std::vector<mailbox::Uid> uids;
    std::uint64_t octets = 0;
    while (!left.empty() && uids.size() < batch_size && octets < batch_octets) {
      if (const mailbox::MessageEntry* entry = wanted(left.front())) {
        uids.push_back(entry->uid);
        octets += read_along(*entry);
      }
      left = left.subspan(1);
    }
    return uids;
  }

  std::vector<mailbox::ContentId> contents_of(std::span<const mailbox::Uid> uids) const {
    std::vector<mailbox::ContentId> contents;
    contents.reserve(uids.size());
    for (const mailbox::Uid uid : uids) {
      if (const auto* const entry = folder_->find(uid)) contents.push_back(entry->content);
    }
    return contents;
  }

  /// About how many octets of a message come with its batch.
  std::uint64_t read_along(const mailbox::MessageEntry& entry) const {
    const std::uint64_t header = wanted_.header ? std::min(entry.size, usual_header) : 0;
    const bool is_whole = sends_octets_ && entry.size <= mailbox::small_message;
    return header + (is_whole ? entry.size : 0);
  }

  /// None when the message is gone, or has not changed since the time that the client names.
  const mailbox::MessageEntry* wanted(std::uint32_t number) {
    const mailbox::MessageEntry* entry = folder_->find(session_.selection->view.uid(number));
    missed_some_ |= entry == nullptr;
    const bool is_old =
        entry != nullptr && request_.changed_since && entry->modseq <= *request_.changed_since;
    return is_old ? nullptr : entry;
  }

  /// What the index knows needs no batches.
  Task<bool> write_all(std::span<const std::uint32_t> numbers) {
    std::vector<mailbox::Uid> uids;
    for (const std::uint32_t number : numbers) {
      if (const mailbox::MessageEntry* entry = wanted(number)) uids.push_back(entry->uid);
    }
    co_await write({.uids = std::move(uids), .metadata = {}, .contents = {}});
    co_await flush();
    co_return !missed_some_;
  }

  bool reads_store() const { return reads_metadata() || sends_octets_ || sets_seen_; }

  bool reads_metadata() const {
    return wanted_.header || wanted_.envelope || wanted_.body_structure || wanted_.body;
  }

  Task<> write(const Batch& batch) {
    if (sets_seen_) co_await set_seen(batch.uids);
    contents_ = batch.contents;
    for (const mailbox::Uid uid : batch.uids) co_await message(uid, batch);
  }

  Task<> set_seen(const std::vector<mailbox::Uid>& uids) {
    std::vector<mailbox::Uid> unseen;
    newly_seen_.clear();
    for (const mailbox::Uid uid : uids) {
      const mailbox::MessageEntry* entry = folder_->find(uid);
      if (entry != nullptr && !(entry->system_flags & mailbox::flag::seen)) unseen.push_back(uid);
    }
    if (unseen.empty()) co_return;
    mailbox::FlagUpdate update;
    update.operation = mailbox::FlagOperation::add;
    update.system_flags = mailbox::flag::seen;
    co_await session_.mailbox->store_flags(folder_->id, unseen, update);
    newly_seen_ = std::move(unseen);
  }

  Task<> message(mailbox::Uid uid, const Batch& batch) {
    const mailbox::MessageEntry* found = folder_->find(uid);
    const auto number = session_.selection->view.number(uid);
    const mailbox::Metadata* const metadata =
        found != nullptr && reads_metadata() ? batch.metadata_of(*found) : nullptr;
    if (found == nullptr || !number || (reads_metadata() && metadata == nullptr)) {
      missed_some_ = true;
      co_return;
    }
    const mailbox::MessageEntry entry = *found;  // the index may change while we wait
    std::vector<SectionSource> sources;
    for (const FetchItem& item : request_.items) {
      if (item.kind != FetchItem::Kind::section) continue;
      auto source =
          co_await locate_section(*session_.mailbox, folder_->id, item.section, entry, metadata);
      if (!source) {
        missed_some_ = true;
        co_return;
      }
      sources.push_back(std::move(*source));
    }
    fmt::format_to(std::back_inserter(out_), "* {} FETCH (", *number);
    // What our reading changed is told along (RFC 3501 §6.4.5).
    const bool adds_flags = !asks_for_flags_ && std::ranges::binary_search(newly_seen_, uid);
    if (adds_flags) {
      write_item(plain_flags(), entry, metadata);
      out_ += ' ';
    }
    auto source = sources.begin();
    for (bool is_first = true; const FetchItem& item : request_.items) {
      if (!std::exchange(is_first, false)) out_ += ' ';
      if (item.kind == FetchItem::Kind::section) {
        co_await write_section(item, uid, *source++);
      } else {
        write_item(item, entry, metadata);
      }
    }
    out_ += ")\r\n";
    if (out_.size() >= write_at) co_await flush();
  }

  static const FetchItem& plain_flags() {
    static const FetchItem item{
        .kind = FetchItem::Kind::flags, .label = "FLAGS", .section = {}, .partial = {}};
    return item;
  }

  void write_item(const FetchItem& item, const mailbox::MessageEntry& entry,
                  const mailbox::Metadata* metadata) {
    using Kind = FetchItem::Kind;
    out_ += item.label + " ";
    switch (item.kind) {
      case Kind::flags:
        out_ += session_.flags_of(entry);
        session_.selection->view.tell(entry.uid, entry.modseq);
        break;
      case Kind::internal_date:
        out_ += write_internal_date(entry.internal_date);
        break;
      case Kind::size:
        out_ += std::to_string(entry.size);
        break;
      case Kind::uid:
        out_ += std::to_string(static_cast<std::uint32_t>(entry.uid));
        break;
      case Kind::modseq:
        out_ += fmt::format("({})", entry.modseq);
        break;
      case Kind::envelope:
        out_ += metadata->envelope;
        break;
      case Kind::body_structure:
        out_ += metadata->body_structure;
        break;
      case Kind::body:
        out_ += metadata->body;
        break;
      case Kind::section:
        break;
    }
  }

  Task<> write_section(const FetchItem& item, mailbox::Uid uid, SectionSource source) {
    out_ += item.label;
    if (item.partial) out_ += fmt::format("<{}>", item.partial->offset);
    if (!source.exists) {
      out_ += " NIL";
      co_return;
    }
    Range part{0, source.size()};
    if (item.partial) {
      part.offset = std::min<std::uint64_t>(item.partial->offset, part.length);
      part.length = std::min<std::uint64_t>(item.partial->count, part.length - part.offset);
    }
    if (source.text) {
      write_literal(part.length);
      append_clean(std::string_view(*source.text).substr(part.offset, part.length));
    } else {
      co_await stream_content(uid, {source.range.offset + part.offset, part.length});
    }
  }

  /// Sends stored octets block by block; the client's pace is ours.
  Task<> stream_content(mailbox::Uid uid, Range range) {
    write_literal(range.length);
    const auto found = std::ranges::lower_bound(contents_, uid, {}, &mailbox::Octets::uid);
    if (found != contents_.end() && found->uid == uid &&
        found->bytes.size() >= range.offset + range.length) {
      append_clean(std::string_view(found->bytes).substr(range.offset, range.length));
      co_return;
    }
    while (range.length > 0) {
      const std::uint64_t length = std::min(range.length, block_size);
      const auto block = co_await session_.mailbox->content(folder_->id, uid, range.offset, length);
      if (!block || block->size() != length) {
        // The literal's size is said already: nothing but the end of the connection tells the truth
        // now.
        session_.stream.close();
        throw ConnectionClosed("a message vanished while it was sent");
      }
      append_clean(*block);
      if (out_.size() >= write_at) co_await flush();
      range.offset += length;
      range.length -= length;
    }
  }

  void write_literal(std::uint64_t size) {
    fmt::format_to(std::back_inserter(out_), " {{{}}}\r\n", size);
  }

  /// No literal holds NUL (RFC 3501 §9, CHAR8).
  void append_clean(std::string_view octets) {
    const std::size_t start = out_.size();
    out_ += octets;
    for (std::size_t at = out_.find('\0', start); at != std::string::npos;
         at = out_.find('\0', at + 1)) {
      out_[at] = ' ';
    }
  }

  Task<> flush() {
    co_await session_.stream.write(out_);
    out_.clear();
  }

  AccountSession& session_;
  FetchRequest request_;
  std::shared_ptr<mailbox::FolderIndex> folder_;
  mailbox::MetadataWanted wanted_;
  bool sets_seen_ = false;
  bool asks_for_flags_ = false;
  bool sends_octets_ = false;
  std::span<const mailbox::Octets> contents_;  // of this batch, ascending by uid
  std::vector<mailbox::Uid> newly_seen_;       // of this batch
  bool missed_some_ = false;
  std::string out_;
};

}  // namespace

Task<Answer> imap_fetch(AccountSession& session, Request request) {
  auto parsed = FetchRequest::parse(request.arguments);
  if (!parsed) co_return bad_syntax(parsed.error());
  if (parsed->vanished && !(session.speaks_qresync && is_by_uid(request))) {
    co_return reply::bad_syntax.about("VANISHED needs UID FETCH and QRESYNC");
  }
  auto numbers = chosen(session, parsed->set, request);
  if (!numbers) co_return reply::no_such_number;
  if (parsed->vanished) {
    const std::string gone =
        co_await vanished_earlier(session, parsed->set.resolve(UINT32_MAX), *parsed->changed_since);
    co_await session.write(gone);
  }
  Fetch fetch(session, std::move(*parsed), is_by_uid(request));
  const bool found_all = co_await fetch.run(std::move(*numbers));
  if (!found_all && !is_by_uid(request))
    co_return reply::expunge_issued;  // RFC 2180 §4.1.2; RFC 5530
  co_return reply::done;
}

}  // namespace postern::imap
