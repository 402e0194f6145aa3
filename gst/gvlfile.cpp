/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlfile.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace gvl::gst {

namespace {

constexpr mode_t kNewFile = 0666;  // less the umask
// Makes, and opens nothing that is there: the end of a path is never followed as a link.
constexpr int kMake = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

/** Short, whatever the file is to be called: its name may be as long as names can be. */
std::string temporary_beside(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const std::string name = ".gvl-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
  return std::filesystem::path(path).replace_filename(name).string();
}

}  // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool rename_to_free(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // A file system that cannot do that: the name is taken with an empty file first.
  const int taken = ::open(to.c_str(), kMake, kNewFile);
  if (taken < 0) return false;
  ::close(taken);
  if (rename(from.c_str(), to.c_str()) == 0) return true;
  const int error = errno;
  ::unlink(to.c_str());
  errno = error;
  return false;
}

static bool write_and_close(int descriptor, std::string_view text) {
  const bool written = write_all(descriptor, text);
  const int error = errno;
  const bool closed = ::close(descriptor) == 0;
  if (!written) errno = error;
  return written && closed;
}

bool write_new_file(const std::string& path, std::string_view text) {
  std::string temporary;
  int descriptor = -1;
  do {
    temporary = temporary_beside(path);
    descriptor = ::open(temporary.c_str(), kMake, kNewFile);
  } while (descriptor < 0 && errno == EEXIST);
  if (descriptor < 0) return false;
  if (write_and_close(descriptor, text) && rename_to_free(temporary, path)) return true;
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace gvl::gst
