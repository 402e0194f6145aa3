/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "io/mapped_file.hpp"

namespace gvl::io {

/**
 * The directory of a zip file (also ZIP64), read in place. Only entries that are stored as they are can be read,
 * which is what torch.save writes. Thread safe.
 */
class ZipArchive {
 public:
  /** Throws Error(kMalformed) when the directory does not lie, whole and consistent, in the file. */
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  const std::vector<std::string>& names() const noexcept { return names_; }
  bool contains(const std::string& name) const { return entries_.count(name) != 0; }

  /**
   * The bytes of an entry, within the mapping. Throws Error naming the entry: kMalformed when it is missing or not
   * within the file, kUnsupported when it is compressed or encrypted.
   */
  std::span<const std::byte> read(const std::string& name) const;

 private:
  struct Entry {
    std::uint64_t header_offset = 0;
    std::uint64_t size = 0;
    std::uint64_t compressed_size = 0;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
  };
  struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t entries = 0;
  };

  Error malformed(const std::string& what) const;
  Directory find_directory() const;
  Directory read_zip64_directory(std::uint64_t locator) const;
  std::uint64_t read_entry(std::uint64_t position);
  void apply_zip64_extra(std::span<const std::byte> extra, const std::string& name, Entry& entry) const;
  template <typename T>
  T field(std::uint64_t offset) const;

  std::shared_ptr<const MappedFile> file_;
  Directory directory_;
  std::vector<std::string> names_;
  std::map<std::string, Entry> entries_;
};

}  // namespace gvl::io
