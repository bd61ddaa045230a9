// queue/model/body.cc: reading a body where it lies.
#include "queue/model/body.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace postern::queue {

namespace {

BodyMissing unreadable(const std::filesystem::path& file) {
  return BodyMissing("cannot read " + file.string() + ": " +
                     std::error_code(errno, std::generic_category()).message());
}

}  // namespace

Body Body::in_memory(std::string bytes) {
  return in_memory(std::make_shared<const std::string>(std::move(bytes)));
}

Body Body::in_memory(std::shared_ptr<const std::string> bytes) {
  Body body;
  body.size_ = bytes->size();
  body.bytes_ = std::move(bytes);
  return body;
}

Body Body::in_spool(std::filesystem::path file, std::uint64_t size) {
  Body body;
  body.file_ = std::move(file);
  body.size_ = size;
  return body;
}

std::string Body::read() const {
  if (bytes_ != nullptr) return *bytes_;
  std::string all;
  all.reserve(size_);
  BodyReader reader(*this);
  for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next()) all += piece;
  return all;
}

void Body::require_file() const {
  if (!is_in_spool()) return;
  BodyReader reader(*this);
  std::error_code error;
  const auto found = std::filesystem::file_size(file_, error);
  if (error || found != size_) {
    throw BodyMissing("of another size than when it was accepted: " + file_.string());
  }
}

BodyReader::BodyReader(Body body, std::size_t piece) : body_(std::move(body)), piece_(piece) {
  if (!body_.is_in_spool()) return;
  descriptor_ = Descriptor(::open(body_.file().c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor_) return;
  if (errno == ENOENT) throw BodyMissing("not in the spool: " + body_.file().string());
  // We are short of something, and the file may be well: later is soon enough.
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
    throw_errno("cannot open", body_.file());
  throw unreadable(body_.file());
}

std::string_view BodyReader::next() {
  if (body_.is_in_memory()) {
    const std::string_view piece = std::string_view(body_.bytes()).substr(position_, piece_);
    position_ += piece.size();
    return piece;
  }
  if (!descriptor_ || position_ == body_.size()) return {};
  buffer_.resize(piece_);
  ssize_t length = 0;
  do {
    length = ::read(descriptor_.get(), buffer_.data(), buffer_.size());
  } while (length < 0 && errno == EINTR);
  if (length < 0) throw unreadable(body_.file());
  if (length == 0 || position_ + static_cast<std::uint64_t>(length) > body_.size()) {
    throw BodyMissing("of another size than when it was accepted: " + body_.file().string());
  }
  position_ += static_cast<std::uint64_t>(length);
  return std::string_view(buffer_).substr(0, static_cast<std::size_t>(length));
}

}  // namespace postern::queue
