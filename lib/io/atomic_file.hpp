/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace gvl::io {

/**
 * A file that is there only when it is complete: it is written under a temporary name in the same folder, and takes its
 * own name at the end, from a file that has it until then. Errors are Error(kResource) and name the file.
 */
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  /** Without finish() before, removes the temporary file: nothing was written. */
  ~AtomicFile() { discard(); }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /** Neither finished nor discarded. */
  bool is_open() const { return descriptor_ >= 0; }

  void write(std::span<const std::byte> data);
  /** Flushes to disk and renames: after a power cut there is the new file or the old one. */
  void finish();
  void discard() noexcept;

 private:
  [[noreturn]] void fail(const char* what) const;
  void sync_folder() const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/**
 * Writes an AtomicFile of `text`. Where `path` is a link, to what it leads to; what is no file (a pipe, a device) gets
 * the text as it is.
 */
void write_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace gvl::io
