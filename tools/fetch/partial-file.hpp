/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

/**
 * A file that comes in parts, in any order: FILE.part, and beside it FILE.part.json, which says which parts are there,
 * so that what was loaded before a kill need not be loaded again. Any thread may call it. Throws gvl::Error(kResource)
 * naming the file.
 */
class PartialFile {
 public:
  /** What it is: parts of another content or size than `id` and `size` say are dropped. */
  PartialFile(std::filesystem::path file, std::string id, std::int64_t size, std::int64_t part_size);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  struct Part {
    std::size_t number;
    std::int64_t start, stop;
  };
  /** One that is missing and that nobody else has taken; none where there is none. */
  std::optional<Part> take();
  void write(std::int64_t at, std::span<const char> bytes);
  /** The part is there. */
  void keep(const Part& part);
  /** All of it is. */
  void keep_all();

  std::int64_t bytes_kept() const;
  /** What an earlier run left of `file` on the disk, needed or not. */
  static std::int64_t bytes_on_disk(const std::filesystem::path& file);
  /** Whether some of it is from an earlier run. */
  bool resumed() const noexcept { return resumed_; }
  const std::filesystem::path& path() const noexcept { return part_; }

  /** It is complete and right: takes its name. */
  void finish();
  /** It is wrong: nothing of it stays. */
  void discard() noexcept;

 private:
  [[noreturn]] void fail(const char* what, const std::filesystem::path& path) const;
  void open();
  void read_record();
  void write_record() const;
  std::int64_t bytes_of(std::size_t part) const;

  std::filesystem::path file_, part_, record_;
  std::string id_;
  std::int64_t size_, part_size_;
  int descriptor_ = -1;
  bool resumed_ = false;
  mutable std::mutex mutex_;
  std::vector<bool> kept_, taken_;
};
