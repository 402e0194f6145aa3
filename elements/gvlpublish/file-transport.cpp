/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gvl/error.hpp"
#include "gvlfile.hpp"
#include "transport.hpp"

namespace gvl::gst {

namespace {

constexpr mode_t kNewFile = 0666;  // less the umask

/** A descriptor that is closed at the end of a scope. */
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return number_; }

 private:
  int number_;
};

/**
 * Appends lines to a file, which is opened anew for each of them: it may be renamed at any time. A line is delivered
 * when the disk has it. Nothing that is in the file is ever changed: where it ends within a line, that is ended.
 */
class FileTransport final : public Transport {
 public:
  explicit FileTransport(std::string path) : path_(std::move(path)) {}

  void send(const std::string& event) override {
    // Opening a pipe that nobody reads would wait for ever.
    const Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, kNewFile));
    struct stat status {};
    if (*file < 0 || ::fstat(*file, &status) != 0) fail();
    if (!S_ISREG(status.st_mode)) throw DeliveryError(DeliveryError::Kind::kLater, path_ + ": is no regular file");
    const std::string line = (ends_within_line(*file, status.st_size) ? "\n" : "") + event + "\n";
    reserve(*file, status.st_size, line.size());
    if (!write_all(*file, line) || ::fdatasync(*file) != 0) fail();
  }

 private:
  /** What another, or a process that was killed, has left. */
  static bool ends_within_line(int file, off_t size) {
    char last = '\n';
    return size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n';
  }

  /** A disk that is full says so before a part of the line is written. Not every file system can. */
  void reserve(int file, off_t size, std::size_t bytes) const {
    if (::fallocate(file, FALLOC_FL_KEEP_SIZE, size, static_cast<off_t>(bytes)) == 0) return;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) fail();
  }

  [[noreturn]] void fail() const {
    throw DeliveryError(DeliveryError::Kind::kLater, path_ + ": " + std::strerror(errno));
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Transport> make_file_transport(const Destination& destination) {
  g_autoptr(GError) error = nullptr;
  g_autofree char* host = nullptr;
  g_autofree char* path = g_filename_from_uri(destination.uri.c_str(), &host, &error);
  if (!path) throw Error(ErrorCode::kInvalidArgument, destination.uri + ": the property uri: " + error->message);
  if (host && *host)
    throw Error(ErrorCode::kInvalidArgument, destination.uri + ": the property uri names a file of another machine");
  return std::make_unique<FileTransport>(path);
}

}  // namespace gvl::gst
