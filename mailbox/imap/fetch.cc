// mailbox/imap/fetch.cc: FETCH and UID FETCH (RFC 3501 §6.4.5; RFC 7162).
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/async/task_group.h"
#include "mailbox/imap/account_session.h"
#include "mailbox/imap/flags.h"
#include "mailbox/imap/section_source.h"
#include "mailbox/imap/writer.h"
#include "mailbox/store/find_near.h"

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
    // RFC 3501 §6.4.5: flags that our reading changes are told along. Whoever is told of changed
    // flags hears their mod-sequence and UID with them (RFC 7162 §3.1, §3.2.4).
    if (session_.speaks_qresync) tell_along(FetchItem::Kind::uid, "UID");
    tell_along(FetchItem::Kind::flags, "FLAGS");
    if (session_.speaks_condstore) tell_along(FetchItem::Kind::modseq, "MODSEQ");
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
  bool asks_for(FetchItem::Kind kind) const {
    return std::ranges::find(request_.items, kind, &FetchItem::kind) != request_.items.end();
  }

  static FetchItem item_of(FetchItem::Kind kind, std::string_view label) {
    return {.kind = kind, .label = std::string(label), .section = {}, .partial = {}};
  }

  /// Adds an item that the client did not name itself.
  void demand(FetchItem::Kind kind, std::string_view label) {
    if (!asks_for(kind)) request_.items.insert(request_.items.begin(), item_of(kind, label));
  }

  /// The same for the messages alone that become \Seen.
  void tell_along(FetchItem::Kind kind, std::string_view label) {
    if (sets_seen_ && !asks_for(kind)) told_with_seen_.push_back(item_of(kind, label));
  }

  void look_at(const FetchItem& item) {
    using Kind = FetchItem::Kind;
    session_.speaks_condstore |= item.kind == Kind::modseq;
    wanted_.envelope |= item.kind == Kind::envelope;
    wanted_.body_structure |= item.kind == Kind::body_structure;
    wanted_.body |= item.kind == Kind::body;
    if (item.kind != Kind::section) return;
    reads_parts_ |= !item.section.part.empty();
    const bool is_whole_message =
        item.section.part.empty() && item.section.kind == Section::Kind::whole;
    wanted_.header |= item.section.part.empty() && !is_whole_message;
    sends_octets_ |=
        item.section.part.empty() && (is_whole_message || item.section.kind == Section::Kind::text);
    sets_seen_ |= !item.peek && !session_.selection->is_read_only;
  }

  struct Wanted {
    std::uint32_t number;
    mailbox::Uid uid;
    mailbox::ContentId content;
  };

  /// Messages, and what was read of them in one way to the disk.
  struct Batch {
    std::vector<Wanted> messages;
    std::vector<mailbox::Metadata> metadata;  // ascending by content
    std::vector<mailbox::Octets> octets;      // ascending by uid
  };

  /// The next batch is read while one is written.
  Task<> read(std::vector<std::uint32_t> numbers, Channel<Batch>& batches) {
    const ChannelCloser<Batch> closer(batches);
    std::span<const std::uint32_t> left = numbers;
    while (!left.empty()) {
      Batch batch{.messages = take_batch(left), .metadata = {}, .octets = {}};
      if (reads_metadata()) {
        batch.metadata =
            co_await session_.mailbox->metadata(those(batch.messages, &Wanted::content), wanted_);
      }
      if (sends_octets_) {
        batch.octets =
            co_await session_.mailbox->contents(folder_->id, those(batch.messages, &Wanted::uid));
      }
      if (!co_await batches.send(std::move(batch))) co_return;
    }
  }

  template <class Member>
  static std::vector<Member> those(std::span<const Wanted> messages, Member Wanted::* member) {
    std::vector<Member> members;
    members.reserve(messages.size());
    for (const Wanted& message : messages) members.push_back(message.*member);
    return members;
  }

  /// Those of the next numbers that the client wants; `left` is shortened by them.
  std::vector<Wanted> take_batch(std::span<const std::uint32_t>& left) {
    std::vector<Wanted> messages;
    messages.reserve(std::min(left.size(), batch_size));
    std::uint64_t octets = 0;
    while (!left.empty() && messages.size() < batch_size && octets < batch_octets) {
      if (const mailbox::MessageEntry* entry = wanted(left.front())) {
        messages.push_back({left.front(), entry->uid, entry->content});
        octets += read_along(*entry);
      }
      left = left.subspan(1);
    }
    return messages;
  }

  /// About how many octets of a message come with its batch.
  std::uint64_t read_along(const mailbox::MessageEntry& entry) const {
    const std::uint64_t header = wanted_.header ? std::min(entry.size, usual_header) : 0;
    const bool is_whole = sends_octets_ && entry.size <= mailbox::small_message;
    return header + (is_whole ? entry.size : 0);
  }

  /// None when the message is gone, or has not changed since the time that the client names.
  const mailbox::MessageEntry* wanted(std::uint32_t number) {
    const mailbox::MessageEntry* entry =
        folder_->find(session_.selection->view.uid(number), next_wanted_);
    missed_some_ |= entry == nullptr;
    const bool is_old =
        entry != nullptr && request_.changed_since && entry->modseq <= *request_.changed_since;
    return is_old ? nullptr : entry;
  }

  /// What the index knows needs no batches.
  Task<bool> write_all(std::span<const std::uint32_t> numbers) {
    Batch batch;
    batch.messages.reserve(numbers.size());
    for (const std::uint32_t number : numbers) {
      if (const mailbox::MessageEntry* entry = wanted(number))
        batch.messages.push_back({number, entry->uid, entry->content});
    }
    co_await write(batch);
    co_await flush();
    co_return !missed_some_;
  }

  bool reads_store() const { return reads_metadata() || sends_octets_ || sets_seen_; }

  bool reads_metadata() const {
    return wanted_.header || wanted_.envelope || wanted_.body_structure || wanted_.body;
  }

  /// A message as the answer shows it.
  struct Shown {
    std::uint32_t number;
    mailbox::MessageEntry entry;         // a copy: the index may change while we wait
    const mailbox::Metadata* metadata;   // when it is needed
    std::vector<SectionSource> sources;  // of each section that is asked for
    std::shared_ptr<void> hold;          // of its octets, when they are read block by block
  };

  Task<> write(const Batch& batch) {
    if (sets_seen_) co_await set_seen(batch.messages);
    octets_ = batch.octets;
    std::size_t near_entry = 0, near_metadata = 0;
    for (const Wanted& message : batch.messages) {
      std::optional<Shown> shown = look_up(message, batch, near_entry, near_metadata);
      if (!shown) {
        missed_some_ = true;
        continue;
      }
      if (reads_parts_) co_await find_parts(*shown);
      begin_answer(*shown);
      auto source = shown->sources.begin();
      for (bool is_first = true; const FetchItem& item : request_.items) {
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

  std::optional<Shown> look_up(const Wanted& message, const Batch& batch, std::size_t& near_entry,
                               std::size_t& near_metadata) {
    const mailbox::MessageEntry* const entry = folder_->find(message.uid, near_entry);
    if (entry == nullptr) return {};
    Shown shown{
        .number = message.number, .entry = *entry, .metadata = nullptr, .sources = {}, .hold = {}};
    if (reads_parts_ || (sends_octets_ && entry->size > mailbox::small_message))
      shown.hold = session_.mailbox->hold(entry->content);
    if (reads_metadata()) {
      shown.metadata =
          mailbox::find_near(std::span<const mailbox::Metadata>(batch.metadata), message.content,
                             &mailbox::Metadata::content, near_metadata);
      if (shown.metadata == nullptr) return {};
    }
    for (const FetchItem& item : request_.items) {
      if (item.kind != FetchItem::Kind::section) continue;
      const bool is_of_part = !item.section.part.empty();
      shown.sources.push_back(is_of_part
                                  ? SectionSource{}
                                  : section_of_message(item.section, entry->size, shown.metadata));
    }
    return shown;
  }

  Task<> find_parts(Shown& shown) {
    for (auto source = shown.sources.begin(); const FetchItem& item : request_.items) {
      if (item.kind != FetchItem::Kind::section) continue;
      if (!item.section.part.empty())
        *source = co_await section_of_part(*session_.mailbox, shown.entry.content, item.section);
      ++source;
    }
  }

  Task<> set_seen(std::span<const Wanted> messages) {
    std::vector<mailbox::Uid> unseen;
    newly_seen_.clear();
    for (std::size_t near = 0; const Wanted& message : messages) {
      const mailbox::MessageEntry* entry = folder_->find(message.uid, near);
      if (entry != nullptr && !(entry->system_flags & mailbox::flag::seen))
        unseen.push_back(message.uid);
    }
    if (unseen.empty()) co_return;
    mailbox::FlagUpdate update;
    update.operation = mailbox::FlagOperation::add;
    update.system_flags = mailbox::flag::seen;
    co_await session_.mailbox->store_flags(folder_->id, unseen, update);
    newly_seen_ = std::move(unseen);
  }

  void begin_answer(const Shown& shown) {
    out_ += session_.write_new_keywords();  // before a message that may have one
    out_ += "* ";
    write_number(out_, shown.number);
    out_ += " FETCH (";
    if (!std::ranges::binary_search(newly_seen_, shown.entry.uid)) return;
    for (const FetchItem& item : told_with_seen_) {
      write_item(item, shown);
      out_ += ' ';
    }
  }

  void write_item(const FetchItem& item, const Shown& shown) {
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
  Range write_section(const FetchItem& item, const SectionSource& source) {
    out_ += item.label;
    if (item.partial) fmt::format_to(std::back_inserter(out_), "<{}>", item.partial->offset);
    if (!source.exists) {
      out_ += " NIL";
      return {};
    }
    Range part{0, source.size()};
    if (item.partial) {
      part.offset = std::min<std::uint64_t>(item.partial->offset, part.length);
      part.length = std::min<std::uint64_t>(item.partial->count, part.length - part.offset);
    }
    write_literal(part.length);
    if (!source.text) return {source.range.offset + part.offset, part.length};
    append_clean(std::string_view(*source.text).substr(part.offset, part.length));
    return {};
  }

  /// Stored octets, at once or block by block; the client's pace is ours.
  Task<> send_octets(const mailbox::MessageEntry& entry, Range range) {
    const auto found = std::ranges::lower_bound(octets_, entry.uid, {}, &mailbox::Octets::uid);
    if (found != octets_.end() && found->uid == entry.uid &&
        found->bytes.size() >= range.offset + range.length) {
      append_clean(std::string_view(found->bytes).substr(range.offset, range.length));
      co_return;
    }
    while (range.length > 0) {
      const std::uint64_t length = std::min(range.length, block_size);
      const std::string block =
          co_await session_.mailbox->octets(entry.content, range.offset, length);
      if (block.size() != length) {
        // The file is damaged, and the literal's size is said already: nothing but the end of the
        // connection tells the truth now.
        session_.stream.close();
        throw ConnectionClosed("a message is shorter than it was");
      }
      append_clean(block);
      if (out_.size() >= write_at) co_await flush();
      range.offset += length;
      range.length -= length;
    }
  }

  void write_literal(std::uint64_t size) {
    out_ += " {";
    write_number(out_, size);
    out_ += "}\r\n";
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
  std::vector<FetchItem> told_with_seen_;
  bool reads_parts_ = false;
  bool sends_octets_ = false;
  std::size_t next_wanted_ = 0;              // about where in the index
  std::span<const mailbox::Octets> octets_;  // of this batch
  std::vector<mailbox::Uid> newly_seen_;     // of this batch
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
