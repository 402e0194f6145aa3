/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/partial-file.hpp"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gvl/error.hpp"

namespace fs = std::filesystem;

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
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  struct stat status {};
  if (lstat(part_.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != size_) return;
  if (!json_parser_load_from_file(parser, record_.c_str(), nullptr)) return;
  JsonNode* root = json_parser_get_root(parser);
  g_autoptr(GVariant) record = root ? json_gvariant_deserialize(root, "(sxxab)", nullptr) : nullptr;
  if (!record) return;
  const char* id = nullptr;
  gint64 size = 0, part_size = 0;
  g_autoptr(GVariant) kept = nullptr;
  g_variant_get(record, "(&sxx@ab)", &id, &size, &part_size, &kept);
  if (id != id_ || size != size_ || part_size != part_size_ || g_variant_n_children(kept) != kept_.size()) return;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    gboolean there = FALSE;
    g_variant_get_child(kept, i, "b", &there);
    kept_[i] = there;
    resumed_ = resumed_ || there;
  }
}

void PartialFile::write_record() const {
  GVariantBuilder kept;
  g_variant_builder_init(&kept, G_VARIANT_TYPE("ab"));
  for (const bool there : kept_) g_variant_builder_add(&kept, "b", there ? TRUE : FALSE);
  g_autoptr(GVariant) record =
      g_variant_ref_sink(g_variant_new("(sxx@ab)", id_.c_str(), static_cast<gint64>(size_),
                                       static_cast<gint64>(part_size_), g_variant_builder_end(&kept)));
  gsize length = 0;
  g_autofree char* text = json_gvariant_serialize_data(record, &length);
  g_autoptr(GError) error = nullptr;
  if (g_file_set_contents(record_.c_str(), text, static_cast<gssize>(length), &error)) return;
  throw gvl::Error(gvl::ErrorCode::kResource, error->message);
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
