/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace gvl::archive {

/** An open file. Errors are Error(kResource), or Error(kNotFound) where there is none, and name it. One thread. */
class File {
 public:
  enum class Mode {
    kRead,
    kWrite,  ///< made where there is none
  };

  File() = default;
  File(std::filesystem::path path, Mode mode);
  ~File() { close(); }
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  bool is_open() const { return descriptor_ >= 0; }
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const;

  /** As many of `bytes` bytes from `offset` on as there are. */
  std::string read(std::uint64_t offset, std::size_t bytes) const;
  /** All of `bytes` at `offset`. */
  void write(std::uint64_t offset, std::string_view bytes);
  void cut(std::uint64_t size);
  /** What was written outlasts a power cut. */
  void sync();
  /** False where another process, or another File of this one, has locked it. The lock ends with this. */
  bool lock();

 private:
  [[noreturn]] void fail(const char* what) const;
  void close() noexcept;

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace gvl::archive
