/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::io {

namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::string reason(int error) { return std::generic_category().message(error); }

int advice_of(MappedFile::Access access) noexcept {
  switch (access) {
    case MappedFile::Access::kNormal:
      return MADV_NORMAL;
    case MappedFile::Access::kSequential:
      return MADV_SEQUENTIAL;
    case MappedFile::Access::kRandom:
      return MADV_RANDOM;
    case MappedFile::Access::kWillNeed:
      return MADV_WILLNEED;
    case MappedFile::Access::kDontNeed:
      return MADV_DONTNEED;
  }
  return MADV_NORMAL;
}

void read_whole(int file, const std::string& name, std::byte* data, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(file, data + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::kNotFound, name + ": cannot be read: " + reason(errno));
    if (got == 0) throw Error(ErrorCode::kMalformed, name + ": became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
}

/** What git-lfs leaves where it has not loaded a file is a text of some lines. */
void refuse_lfs_pointer(const MappedFile& file) {
  constexpr std::size_t kLongestPointer = 1024;
  if (file.size() > kLongestPointer || !file.text().starts_with("version https://git-lfs.github.com/spec/")) return;
  throw Error(
      ErrorCode::kMalformed,
      file.path().string() + ": is only Git-LFS's pointer to the file, which `git lfs pull` or gvl-fetch loads");
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path, Access access) {
  const std::string name = path.string();
  // O_NONBLOCK: opening a FIFO for reading would otherwise wait for somebody to write to it.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw Error(ErrorCode::kNotFound, name + ": cannot open: " + reason(errno));

  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    throw Error(ErrorCode::kNotFound, name + ": cannot read its size: " + reason(errno));
  }
  if (S_ISDIR(status.st_mode)) throw Error(ErrorCode::kNotFound, name + ": is a folder, expected a file");
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::kNotFound, name + ": is not a regular file");
  if (status.st_size <= 0) throw Error(ErrorCode::kMalformed, name + ": is empty");

  const auto size = static_cast<std::size_t>(status.st_size);
  const bool mapped = size >= kMapped;
  // What is read comes into pages of its own, too: aligned as a mapping is, and given back whole.
  void* data = ::mmap(nullptr, size, mapped ? PROT_READ : PROT_READ | PROT_WRITE,
                      mapped ? MAP_PRIVATE : MAP_PRIVATE | MAP_ANONYMOUS, mapped ? file.get() : -1, 0);
  if (data == MAP_FAILED) throw Error(ErrorCode::kResource, name + ": cannot map into memory: " + reason(errno));
  std::shared_ptr<MappedFile> result(new MappedFile(path, static_cast<std::byte*>(data), size, mapped));
  if (!mapped) {
    read_whole(file.get(), name, result->data_, size);
    refuse_lfs_pointer(*result);
    ::mprotect(data, size, PROT_READ);
  } else if (access != Access::kNormal) {
    result->advise(access, 0, size);
  }
  return result;
}

MappedFile::MappedFile(std::filesystem::path path, std::byte* data, std::size_t size, bool mapped)
    : path_(std::move(path)), data_(data), size_(size), mapped_(mapped) {}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

void MappedFile::advise(Access access, std::size_t offset, std::size_t length) const noexcept {
  if (!mapped_ || offset >= size_) return;
  const std::size_t stop = offset + std::min(length, size_ - offset);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t start = offset / page * page;
  ::madvise(data_ + start, stop - start, advice_of(access));
}

}  // namespace gvl::io
