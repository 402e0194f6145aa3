/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/zip_archive.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "io/quote.hpp"

namespace gvl::io {

static_assert(std::endian::native == std::endian::little, "zip files are little-endian and read in place");

namespace {

// APPNOTE.TXT 4.3: the fixed parts of the records that are read.
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocatorSignature = 0x07064b50;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kEntrySize = 46;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kLongestComment = 0xFFFF;

// In a field that is too small for its value: the value is in the ZIP64 records.
constexpr std::uint16_t kIn64Short = 0xFFFF;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint16_t kZip64Extra = 1;

constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint16_t kStored = 0;

template <typename T>
T load(const std::byte* data) noexcept {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return value;
}

}  // namespace

Error ZipArchive::malformed(const std::string& what) const {
  return Error(ErrorCode::kMalformed, file_->path().string() + ": not a valid zip archive: " + what);
}

template <typename T>
T ZipArchive::field(std::uint64_t offset) const {
  if (offset > file_->size() || file_->size() - offset < sizeof(T)) throw malformed("a record lies outside the file");
  return load<T>(file_->bytes().data() + offset);
}

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  directory_ = find_directory();
  if (directory_.offset > file_->size() || directory_.size > file_->size() - directory_.offset) {
    throw malformed("its directory lies outside the file");
  }
  if (directory_.entries > directory_.size / kEntrySize) throw malformed("its directory is too short for its entries");
  std::uint64_t position = directory_.offset;
  for (std::uint64_t i = 0; i < directory_.entries; ++i) position = read_entry(position);
}

ZipArchive::Directory ZipArchive::find_directory() const {
  const std::uint64_t size = file_->size();
  if (size < kEndSize) throw malformed("only " + std::to_string(size) + " bytes long");
  const std::uint64_t first = size - std::min(size, kEndSize + kLongestComment);
  for (std::uint64_t end = size - kEndSize + 1; end-- > first;) {
    if (field<std::uint32_t>(end) != kEndSignature || field<std::uint16_t>(end + 20) != size - end - kEndSize) continue;
    const Directory directory{field<std::uint32_t>(end + 16), field<std::uint32_t>(end + 12),
                              field<std::uint16_t>(end + 10)};
    const bool in64 = directory.offset == kIn64 || directory.size == kIn64 || directory.entries == kIn64Short;
    if (in64 && end >= kLocatorSize && field<std::uint32_t>(end - kLocatorSize) == kLocatorSignature) {
      return read_zip64_directory(end - kLocatorSize);
    }
    if (field<std::uint16_t>(end + 4) != 0 || field<std::uint16_t>(end + 6) != 0) {
      throw malformed("it is one part of several");
    }
    return directory;
  }
  throw malformed("it has no end record; is it cut short?");
}

ZipArchive::Directory ZipArchive::read_zip64_directory(std::uint64_t locator) const {
  const auto record = field<std::uint64_t>(locator + 8);
  if (record > locator || locator - record < kEnd64Size || field<std::uint32_t>(record) != kEnd64Signature) {
    throw malformed("its ZIP64 end record is missing");
  }
  if (field<std::uint32_t>(record + 16) != 0 || field<std::uint32_t>(record + 20) != 0) {
    throw malformed("it is one part of several");
  }
  return {field<std::uint64_t>(record + 48), field<std::uint64_t>(record + 40), field<std::uint64_t>(record + 32)};
}

// Returns where the next entry starts.
std::uint64_t ZipArchive::read_entry(std::uint64_t position) {
  const std::uint64_t end = directory_.offset + directory_.size;
  if (end - position < kEntrySize || field<std::uint32_t>(position) != kEntrySignature) {
    throw malformed("its directory is damaged");
  }
  Entry entry{field<std::uint32_t>(position + 42), field<std::uint32_t>(position + 24),
              field<std::uint32_t>(position + 20), field<std::uint16_t>(position + 8),
              field<std::uint16_t>(position + 10)};
  const std::uint64_t name_length = field<std::uint16_t>(position + 28);
  const std::uint64_t extra_length = field<std::uint16_t>(position + 30);
  const std::uint64_t comment_length = field<std::uint16_t>(position + 32);
  const std::uint64_t length = kEntrySize + name_length + extra_length + comment_length;
  if (end - position < length) throw malformed("its directory is damaged");

  const std::string name(file_->text().substr(position + kEntrySize, name_length));
  apply_zip64_extra(file_->bytes().subspan(position + kEntrySize + name_length, extra_length), name, entry);
  if (!entries_.emplace(name, entry).second) throw malformed("entry " + quote(name) + " occurs twice");
  names_.push_back(name);
  return position + length;
}

void ZipArchive::apply_zip64_extra(std::span<const std::byte> extra, const std::string& name, Entry& entry) const {
  while (extra.size() >= 4) {
    const auto kind = load<std::uint16_t>(extra.data());
    const std::size_t length = load<std::uint16_t>(extra.data() + 2);
    if (length > extra.size() - 4) break;
    std::span<const std::byte> values = extra.subspan(4, length);
    extra = extra.subspan(4 + length);
    if (kind != kZip64Extra) continue;
    // Only the fields that did not fit are there, in this order.
    for (std::uint64_t* value : {&entry.size, &entry.compressed_size, &entry.header_offset}) {
      if (*value != kIn64) continue;
      if (values.size() < sizeof(std::uint64_t)) throw malformed("entry " + quote(name) + " lacks its ZIP64 sizes");
      *value = load<std::uint64_t>(values.data());
      values = values.subspan(sizeof(std::uint64_t));
    }
    return;
  }
}

std::span<const std::byte> ZipArchive::read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw malformed("entry " + quote(name) + " is missing");
  const Entry& entry = found->second;
  if (entry.flags & kEncrypted || entry.method != kStored) {
    throw Error(ErrorCode::kUnsupported, file_->path().string() + ": entry " + quote(name) +
                                             " is compressed or encrypted (method " + std::to_string(entry.method) +
                                             "); only stored entries can be read");
  }
  const std::string place = "entry " + quote(name);
  if (entry.size != entry.compressed_size) throw malformed(place + " has two sizes");
  const std::uint64_t limit = directory_.offset;
  if (entry.header_offset > limit || limit - entry.header_offset < kLocalSize ||
      field<std::uint32_t>(entry.header_offset) != kLocalSignature) {
    throw malformed(place + " is not where the directory says");
  }
  const std::uint64_t start = entry.header_offset + kLocalSize + field<std::uint16_t>(entry.header_offset + 26) +
                              field<std::uint16_t>(entry.header_offset + 28);
  if (start > limit || entry.size > limit - start) throw malformed(place + " reaches into the directory");
  return file_->bytes().subspan(start, entry.size);
}

}  // namespace gvl::io
