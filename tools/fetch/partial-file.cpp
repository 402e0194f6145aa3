/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/partial-file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gvl/error.hpp"
#include "io/atomic_file.hpp"
#include "io/json.hpp"

namespace fs = std::filesystem;
using gvl::io::JsonValue;

PartialFile::PartialFile(fs::path file, std::string id, std::int64_t size, std::int64_t part_size)
    : file_(std::move(file)),
      part_(file_.string() + ".part"),
      record_(part_.string() + ".json"),
      id_(std::move(id)),
      size_(size),
      part_size_(part_size),
      kept_(static_cast<std::size_t>((size + part_size - 1) / part_size)),
      taken_(kept_.size()) {
  std::error_code error;
  fs::create_directories(file_.parent_path(), error);
  if (error) fail("cannot be made", file_.parent_path());
  read_record();
  open();
}

PartialFile::~PartialFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void PartialFile::fail(const char* what, const fs::path& path) const {
  throw gvl::Error(gvl::ErrorCode::kResource, path.string() + ": " + what + ": " + std::strerror(errno));
}

void PartialFile::open() {
  descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) fail("cannot be written", part_);
  if (!resumed_ && ftruncate(descriptor_, 0) != 0) fail("cannot be written", part_);
  if (ftruncate(descriptor_, size_) != 0) fail("cannot be written", part_);
}

// A record that says nothing useful is none: the file begins anew.
void PartialFile::read_record() {
  struct stat status {};
  if (lstat(part_.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != size_) return;
  try {
    const auto record = JsonValue::load(record_);
    const auto kept = record.at(3).elements();
    if (record.at(0).as_string() != id_ || record.at(1).as_integer() != size_ ||
        record.at(2).as_integer() != part_size_ || kept.size() != kept_.size()) {
      return;
    }
    std::vector<bool> read;
    for (const JsonValue& there : kept) read.push_back(there.as_bool());
    kept_ = read;
    resumed_ = std::find(kept_.begin(), kept_.end(), true) != kept_.end();
  } catch (const gvl::Error&) {
    return;
  }
}

void PartialFile::write_record() const {
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_array(builder);
  json_builder_add_string_value(builder, id_.c_str());
  json_builder_add_int_value(builder, size_);
  json_builder_add_int_value(builder, part_size_);
  json_builder_begin_array(builder);
  for (const bool there : kept_) json_builder_add_boolean_value(builder, there);
  json_builder_end_array(builder);
  json_builder_end_array(builder);
  gvl::io::write_atomically(record_, gvl::io::json_text(builder));
}

std::int64_t PartialFile::bytes_of(std::size_t part) const {
  const std::int64_t start = static_cast<std::int64_t>(part) * part_size_;
  return std::min(start + part_size_, size_) - start;
}

std::optional<PartialFile::Part> PartialFile::take() {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i] || taken_[i]) continue;
    taken_[i] = true;
    const std::int64_t start = static_cast<std::int64_t>(i) * part_size_;
    return Part{i, start, start + bytes_of(i)};
  }
  return std::nullopt;
}

void PartialFile::write(std::int64_t at, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written", part_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += written;
  }
}

void PartialFile::keep(const Part& part) {
  std::lock_guard lock(mutex_);
  kept_[part.number] = true;
  // After a power cut the record must not say more than there is.
  if (fdatasync(descriptor_) != 0) fail("cannot be written", part_);
  write_record();
}

void PartialFile::keep_all() {
  std::lock_guard lock(mutex_);
  std::fill(kept_.begin(), kept_.end(), true);
  write_record();
}

std::int64_t PartialFile::bytes_kept() const {
  std::lock_guard lock(mutex_);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) bytes += kept_[i] ? bytes_of(i) : 0;
  return bytes;
}

std::int64_t PartialFile::bytes_on_disk(const fs::path& file) {
  constexpr std::int64_t kBlock = 512;
  struct stat status {};
  return lstat((file.string() + ".part").c_str(), &status) == 0 ? status.st_blocks * kBlock : 0;
}

void PartialFile::finish() {
  if (fsync(descriptor_) != 0) fail("cannot be written", part_);
  if (rename(part_.c_str(), file_.c_str()) != 0) fail("cannot take its name", part_);
  unlink(record_.c_str());
}

void PartialFile::discard() noexcept {
  unlink(record_.c_str());
  unlink(part_.c_str());
}
