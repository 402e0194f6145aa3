#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace gvl::io {

/**
 * A whole file, memory-mapped read-only for as long as somebody holds it. All members are thread safe.
 *
 * The pages are the file's own: whoever replaces a file that may be mapped must write a new one and rename it, as
 * SafetensorsWriter does. A file cut short in place while it is mapped raises SIGBUS on access.
 */
class MappedFile {
 public:
  /** How the content will be read, a hint to the kernel (madvise). */
  enum class Access { kNormal, kSequential, kRandom, kWillNeed, kDontNeed };

  /**
   * Throws Error(kNotFound) when `path` is missing, no regular file or may not be read, Error(kMalformed) when it is
   * empty, Error(kResource) when it cannot be mapped.
   */
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path, Access access = Access::kNormal);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::size_t size() const noexcept { return size_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }

  /** Advises about `length` bytes from `offset`, clamped to the file. A hint that the kernel refuses is no error. */
  void advise(Access access, std::size_t offset, std::size_t length) const noexcept;

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, std::size_t size);

  std::filesystem::path path_;
  const std::byte* data_;
  std::size_t size_;
};

}  // namespace gvl::io
