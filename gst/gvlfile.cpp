/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlfile.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace gvl::gst {

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
  constexpr mode_t kNewFile = 0666;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // A file system that cannot do that: the name is taken with an empty file first.
  const int placeholder = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kNewFile);
  if (placeholder < 0) return false;
  ::close(placeholder);
  return rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace gvl::gst
