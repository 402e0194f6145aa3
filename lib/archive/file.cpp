/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::archive {

// A pipe of that name is not waited for; what is no file is refused.
File::File(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
  const int flags = mode == Mode::kRead ? O_RDONLY : O_RDWR | O_CREAT;
  descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666);
  if (descriptor_ < 0 && errno == ENOENT)
    throw Error(ErrorCode::kNotFound, path_.string() + ": cannot be opened: " + std::strerror(errno));
  if (descriptor_ < 0) fail("cannot be opened");
  struct stat status;
  if (fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) return;
  close();
  throw Error(ErrorCode::kMalformed, path_.string() + ": is no regular file");
}

File::File(File&& other) noexcept : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void File::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void File::fail(const char* what) const {
  throw Error(ErrorCode::kResource, path_.string() + ": " + what + ": " + std::strerror(errno));
}

std::uint64_t File::size() const {
  struct stat status;
  if (fstat(descriptor_, &status) != 0) fail("cannot be read");
  return static_cast<std::uint64_t>(status.st_size);
}

std::string File::read(std::uint64_t offset, std::size_t bytes) const {
  std::string text(bytes, '\0');
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t read = pread(descriptor_, text.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) fail("cannot be read");
    if (read == 0) break;
    done += static_cast<std::size_t>(read);
  }
  text.resize(done);
  return text;
}

void File::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void File::cut(std::uint64_t size) {
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("cannot be written");
}

void File::sync() {
  if (fdatasync(descriptor_) != 0) fail("cannot be written");
}

bool File::lock() {
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  fail("cannot be locked");
}

}  // namespace gvl::archive
