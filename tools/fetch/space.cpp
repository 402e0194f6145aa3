/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/space.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "fetch/transfer-line.hpp"
#include "gvl/error.hpp"

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw gvl::Error(gvl::ErrorCode::kResource, path.string() + ": " + what);
}

}  // namespace

void require_space(const fs::path& folder, std::int64_t bytes) {
  std::error_code error;
  fs::path there = fs::absolute(folder);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, error);
  if (error) fail(folder, error.message());
  if (static_cast<std::int64_t>(space.available) >= bytes) return;
  fail(folder, "needs " + size_text(bytes) + ", its disk has " + size_text(static_cast<std::int64_t>(space.available)) +
                   " left");
}

FolderLock::FolderLock(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder, error.message());
  descriptor_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) fail(folder, std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  close(descriptor_);
  fail(folder, reason == EWOULDBLOCK ? "another gvl-fetch loads into it" : std::strerror(reason));
}

FolderLock::~FolderLock() { close(descriptor_); }
