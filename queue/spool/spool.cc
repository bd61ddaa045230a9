// queue/spool/spool.cc: files named ID.NODE.BOOT, on disk before they are committed.
#include "queue/spool/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/assert.h"

namespace postern::queue {

namespace {

std::filesystem::path file_for(const std::filesystem::path& spool, QueueId id,
                               std::string_view writer) {
  return spool / (text(id) + "." + std::string(writer));
}

}  // namespace

SpoolWriter::SpoolWriter(const std::filesystem::path& spool, QueueId id, std::string_view writer)
    : file_(file_for(spool, id, writer)) {
  std::error_code ignored;  // open says it better
  std::filesystem::create_directories(spool, ignored);
  descriptor_ = open_file(file_, O_WRONLY | O_CREAT | O_EXCL);
}

SpoolWriter::~SpoolWriter() {
  if (descriptor_) ::unlink(file_.c_str());
}

void SpoolWriter::write(std::string_view bytes) {
  write_whole(descriptor_.get(), bytes, file_);
  size_ += bytes.size();
}

void SpoolWriter::rewrite_start(std::string_view bytes) {
  POSTERN_ASSERT(bytes.size() <= size_);
  for (off_t at = 0; !bytes.empty();) {
    const ssize_t written = ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write", file_);
    at += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

Body SpoolWriter::finish() {
  if (::fsync(descriptor_.get()) != 0) throw_errno("cannot sync", file_);
  sync_folder(file_.parent_path());
  descriptor_ = Descriptor();
  return Body::in_spool(file_, size_);
}

Body SpoolWriter::finish_file() {
  if (::fsync(descriptor_.get()) != 0) throw_errno("cannot sync", file_);
  descriptor_ = Descriptor();
  return Body::in_spool(file_, size_);
}

Body spooled_for(const Body& body, const std::filesystem::path& spool, QueueId id,
                 std::string_view writer) {
  if (body.is_in_spool() && body.file().filename().string().starts_with(text(id) + ".")) {
    return body;
  }
  if (body.is_in_spool()) {
    const std::filesystem::path file = file_for(spool, id, writer);
    if (::link(body.file().c_str(), file.c_str()) == 0 || errno == EEXIST) {
      sync_folder(spool);
      return Body::in_spool(file, body.size());
    }
    if (errno == ENOENT) throw BodyMissing("not in the spool: " + body.file().string());
    throw_errno("cannot link", file);
  }
  SpoolWriter writing(spool, id, writer);
  writing.write(body.bytes());
  return writing.finish();
}

std::vector<Body> spool_all(const std::filesystem::path& spool, const std::vector<Waiting>& batch,
                            std::string_view writer) {
  std::vector<Body> bodies;
  try {
    for (const Waiting& one : batch) {
      SpoolWriter writing(spool, one.id, writer);
      writing.write(one.bytes);
      bodies.push_back(writing.finish_file());
    }
    sync_folder(spool);
  } catch (...) {
    for (const Body& body : bodies) remove_spooled(body);
    throw;
  }
  return bodies;
}

void remove_spooled(const Body& body) noexcept {
  if (body.is_in_spool()) ::unlink(body.file().c_str());
}

std::vector<SpoolFile> SpoolWalk::next(const std::filesystem::path& spool, std::chrono::seconds age,
                                       std::filesystem::file_time_type now, std::size_t most) {
  std::vector<SpoolFile> old;
  std::error_code error;  // files come and go while we look
  const std::filesystem::directory_iterator end;
  if (at_ == end) at_ = std::filesystem::directory_iterator(spool, error);
  for (; !error && at_ != end && most > 0; at_.increment(error), --most) {
    const std::string name = at_->path().filename().string();
    const auto id = parse_queue_id(name.substr(0, name.find('.')));
    if (!id || !name.contains('.')) continue;
    std::error_code gone;
    const auto written = at_->last_write_time(gone);
    if (!gone && now - written >= age) old.push_back({at_->path(), *id});
  }
  return old;
}

}  // namespace postern::queue
