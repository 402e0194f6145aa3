/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace gvl::io {

/**
 * A whole file in memory, read-only, for as long as somebody holds it. All members are thread safe.
 *
 * A file of less than kMapped bytes is read: nothing that happens to it later is seen. A larger one is memory-mapped,
 * its pages are the file's own. Renaming another file over it, removing it and moving it are safe: the old content
 * stays until nobody holds it, which is how SafetensorsWriter, package managers, rsync and git replace files. Writing
 * into it in place changes what is seen, and cutting it short raises SIGBUS on access.
 */
class MappedFile {
 public:
  /** The size from which on a file is mapped, in bytes. */
  static constexpr std::size_t kMapped = std::size_t{64} << 20;

  /** How the content will be read, a hint to the kernel (madvise). */
  enum class Access { kNormal, kSequential, kRandom, kWillNeed, kDontNeed };

  /**
   * Throws Error(kNotFound) when `path` is missing, no regular file or may not be read, Error(kMalformed) when it is
   * empty, becomes shorter while it is read or is Git-LFS's pointer to what it should be, Error(kResource) when there
   * is no memory for it.
   */
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path, Access access = Access::kNormal);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::size_t size() const noexcept { return size_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }

  /**
   * Advises about `length` bytes from `offset`, clamped to the file. A hint that the kernel refuses is no error; for a
   * file that was read there is nothing to advise.
   */
  void advise(Access access, std::size_t offset, std::size_t length) const noexcept;

 private:
  MappedFile(std::filesystem::path path, std::byte* data, std::size_t size, bool mapped);

  std::filesystem::path path_;
  std::byte* data_;
  std::size_t size_;
  bool mapped_;
};

}  // namespace gvl::io
