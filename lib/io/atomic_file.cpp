/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::io {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0666;

/** Short, whatever the file is to be called: its name may be as long as names can be. */
fs::path temporary_beside(fs::path path) {
  static std::atomic<unsigned> counter{0};
  return path.replace_filename(".gvl-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
}

void write_to_device(const fs::path& path, std::string_view text) {
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw Error(ErrorCode::kResource, path.string() + ": cannot write");
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  do {
    temporary_ = temporary_beside(path_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail("cannot create a file in its folder");
}

void AtomicFile::fail(const char* what) const {
  throw Error(ErrorCode::kResource, path_.string() + ": " + what + ": " + std::generic_category().message(errno));
}

void AtomicFile::write(std::span<const std::byte> data) {
  constexpr std::size_t kLargestWrite = std::size_t{1} << 30;  // Linux writes less than 2 GiB at once
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor_, data.data(), std::min(data.size(), kLargestWrite));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::finish() {
  if (::fsync(descriptor_) != 0) fail("cannot flush to disk");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot close");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename to it");
  temporary_.clear();
  sync_folder();
}

// Without this, a power cut could leave the folder without the new name although finish() returned.
void AtomicFile::sync_folder() const {
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void write_atomically(const fs::path& path, std::string_view text) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    write_to_device(path, text);
    return;
  }
  const fs::path target = fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : path;
  AtomicFile file(target);
  file.write(std::as_bytes(std::span(text)));
  file.finish();
}

}  // namespace gvl::io
