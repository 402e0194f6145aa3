/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/space.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/quantities.hpp"
#include "gvl/error.hpp"

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw gvl::Error(gvl::ErrorCode::kResource, path.string() + ": " + what);
}

/** The folder, or what there is of the way to it. */
fs::path existing(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  while (!error && !fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (error) fail(folder, error.message());
  return there;
}

dev_t disk_of(const SpaceNeed& need) {
  struct stat status {};
  if (stat(existing(need.folder).c_str(), &status) != 0) fail(need.folder, std::strerror(errno));
  return status.st_dev;
}

}  // namespace

void require_space(const std::vector<SpaceNeed>& needs) {
  for (const SpaceNeed& need : needs) {
    std::int64_t bytes = 0;
    for (const SpaceNeed& other : needs) bytes += disk_of(other) == disk_of(need) ? other.bytes : 0;
    std::error_code error;
    const fs::space_info space = fs::space(existing(need.folder), error);
    if (error) fail(need.folder, error.message());
    const auto left = static_cast<std::int64_t>(space.available);
    if (left < bytes) fail(need.folder, "needs " + size_text(bytes) + ", its disk has " + size_text(left) + " left");
  }
}

void require_writable(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder, error.message());
  if (access(folder.c_str(), W_OK | X_OK) != 0) fail(folder, std::strerror(errno));
}

FolderLock::FolderLock(const fs::path& folder) {
  require_writable(folder);
  descriptor_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) fail(folder, std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  close(descriptor_);
  fail(folder, reason == EWOULDBLOCK ? "another gvl-fetch loads into it" : std::strerror(reason));
}

FolderLock::~FolderLock() { close(descriptor_); }
