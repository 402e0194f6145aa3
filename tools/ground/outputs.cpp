/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/outputs.hpp"

#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "gvlfile.hpp"

namespace fs = std::filesystem;
using gvl::gst::rename_to_free;
using gvl::gst::write_all;

namespace {

constexpr mode_t kNewFile = 0666;  // less the umask
constexpr mode_t kPermissions = 07777;
constexpr int kTries = 100;

std::string reason(int error) { return g_strerror(error); }

/** The number in /dev/fd/N and its like. */
std::optional<int> inherited_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.compare(0, folder.size(), folder) != 0) continue;
    guint64 number = 0;
    if (g_ascii_string_to_unsigned(path.c_str() + folder.size(), 10, 0, G_MAXINT, &number, nullptr))
      return static_cast<int>(number);
  }
  return std::nullopt;
}

/** A file of an own name in `folder`; -1 and errno where that cannot be. */
int create_in(const std::string& folder, std::string& name) {
  for (int i = 0; i < kTries; ++i) {
    name = folder + "/.gvl-ground-" + std::to_string(g_random_int()) + ".part";
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kNewFile);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

/** Why no file can be made in a folder. */
std::string fault_of_making_in(const std::string& folder) {
  std::string name;
  const int descriptor = create_in(folder, name);
  if (descriptor < 0) return reason(errno);
  close(descriptor);
  unlink(name.c_str());
  return {};
}

}  // namespace

void InputFiles::add(const std::string& path) {
  struct stat file;
  if (!path.empty() && stat(path.c_str(), &file) == 0) names_.emplace(std::pair(file.st_dev, file.st_ino), path);
}

void InputFiles::add_folder(const std::string& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) add(entry.path().string());
}

const std::string* InputFiles::find(const struct stat& file) const {
  // A terminal may be both.
  if (!S_ISREG(file.st_mode) && !S_ISBLK(file.st_mode) && !S_ISFIFO(file.st_mode)) return nullptr;
  const auto name = names_.find({file.st_dev, file.st_ino});
  return name == names_.end() ? nullptr : &name->second;
}

OutputFile::OutputFile(std::string option, std::string path, bool replace, const InputFiles& inputs)
    : option_(std::move(option)), path_(std::move(path)), replace_(replace), inputs_(inputs) {}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) unlink(std::exchange(temporary_, {}).c_str());
}

std::string OutputFile::named(const std::string& fault) const {
  return fault.empty() ? fault : option_ + " " + path_ + ": " + fault;
}

std::string OutputFile::folder() const {
  const std::string parent = fs::path(path_).parent_path().string();
  return parent.empty() ? "." : parent;
}

// ---- what is there already --------------------------------------------------------------------------------------

std::string OutputFile::examine_file(const struct stat& file) const {
  if (S_ISDIR(file.st_mode)) return "is a folder";
  if (!S_ISREG(file.st_mode)) return "is neither a file nor a pipe";
  return replace_ ? "" : "exists already; --force replaces it";
}

OutputFile::Target OutputFile::examine_descriptor(int descriptor) const {
  Target target{Kind::kDescriptor, descriptor, {}, {}};
  const int mode = fcntl(descriptor, F_GETFL), flags = fcntl(descriptor, F_GETFD);
  // What was not inherited is something of this program's own.
  if (mode < 0 || (flags & FD_CLOEXEC) || (mode & O_ACCMODE) == O_RDONLY || fstat(descriptor, &target.file) != 0)
    target.fault = "is not open for writing";
  else if (const std::string* input = inputs_.find(target.file))
    target.fault = "is " + *input + ", which is read";
  return target;
}

OutputFile::Target OutputFile::examine() const {
  if (const auto descriptor = inherited_descriptor(path_)) return examine_descriptor(*descriptor);
  Target target;
  struct stat followed;
  if (stat(path_.c_str(), &followed) == 0)
    if (const std::string* input = inputs_.find(followed)) target.fault = "is " + *input + ", which is read";
  if (!target.fault.empty()) return target;
  std::error_code ignored;
  if (lstat(path_.c_str(), &target.file) != 0) {
    if (errno != ENOENT) target.fault = reason(errno);
  } else if (S_ISLNK(target.file.st_mode)) {
    target.fault = "is a symbolic link, to " + fs::read_symlink(path_, ignored).string() + "; name the file itself";
  } else if (S_ISFIFO(target.file.st_mode) || S_ISCHR(target.file.st_mode)) {
    target.kind = Kind::kStream;
  } else {
    target.kind = Kind::kExisting;
    target.fault = examine_file(target.file);
  }
  return target;
}

std::string OutputFile::check() const {
  const Target target = examine();
  if (!target.fault.empty()) return named(target.fault);
  if (target.kind == Kind::kStream) return named(access(path_.c_str(), W_OK) == 0 ? "" : reason(errno));
  if (target.kind == Kind::kDescriptor) return {};
  if (fs::path(path_).filename().empty()) return named("is a folder");
  return named(fault_of_making_in(folder()));
}

bool OutputFile::same_as(const OutputFile& other) const {
  const Target mine = examine(), its = other.examine();
  // Whether by its name or by a descriptor.
  if (S_ISREG(mine.file.st_mode) && S_ISREG(its.file.st_mode))
    return mine.file.st_dev == its.file.st_dev && mine.file.st_ino == its.file.st_ino;
  if (mine.kind != its.kind) return false;
  std::error_code ignored;
  return mine.kind == Kind::kNew && fs::path(path_).filename() == fs::path(other.path_).filename() &&
         fs::equivalent(folder(), other.folder(), ignored);
}

bool OutputFile::would_be(const std::string& folder) const {
  std::error_code ignored;
  const fs::path file = fs::weakly_canonical(fs::absolute(path_, ignored), ignored);
  fs::path way = fs::weakly_canonical(fs::absolute(folder, ignored) / "", ignored).parent_path();
  for (; way.has_relative_path(); way = way.parent_path())
    if (way == file) return true;
  return false;
}

// ---- writing ----------------------------------------------------------------------------------------------------

std::string OutputFile::open() {
  const Target target = examine();
  if (!target.fault.empty()) return named(target.fault);
  if (target.kind == Kind::kDescriptor)
    descriptor_ = fcntl(target.descriptor, F_DUPFD_CLOEXEC, 0);
  else if (target.kind == Kind::kStream)
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
  else
    descriptor_ = create_in(folder(), temporary_);
  if (descriptor_ < 0) {
    temporary_.clear();
    return named(reason(errno));
  }
  // Who could not read the file before cannot do so now.
  if (target.kind == Kind::kExisting) fchmod(descriptor_, target.file.st_mode & kPermissions);
  return {};
}

std::string OutputFile::take_name() {
  const bool renamed = replace_ ? rename(temporary_.c_str(), path_.c_str()) == 0 : rename_to_free(temporary_, path_);
  if (renamed) {
    temporary_.clear();
    return {};
  }
  // It may have taken hours: what was written stays.
  const int error = errno;
  return reason(error) + "; what was to be in it is in " + std::exchange(temporary_, {});
}

std::string OutputFile::commit() {
  std::string fault;
  if (!temporary_.empty() && fsync(descriptor_) != 0 && errno != EINVAL) fault = reason(errno);
  if (close(std::exchange(descriptor_, -1)) != 0 && fault.empty()) fault = reason(errno);
  if (fault.empty() && !temporary_.empty()) fault = take_name();
  discard();
  return named(fault);
}

std::string OutputFile::write(const std::string& text) {
  std::string fault = open();
  if (!fault.empty()) return fault;
  if (write_all(descriptor_, text)) return commit();
  fault = reason(errno);
  discard();
  return named(fault);
}

// ---- folders and memory -----------------------------------------------------------------------------------------

std::string fault_of_folder(const std::string& folder) {
  struct stat file;
  fs::path existing(folder);
  if (lstat(folder.c_str(), &file) == 0 && stat(folder.c_str(), &file) != 0)
    return "is a symbolic link to what does not exist";
  while (stat(existing.c_str(), &file) != 0) {
    if (errno != ENOENT || existing == ".") return reason(errno);
    existing = existing.has_parent_path() ? existing.parent_path() : ".";
  }
  if (!S_ISDIR(file.st_mode)) return existing.string() + " is not a folder";
  return fault_of_making_in(existing.string());
}

TextInMemory::TextInMemory(const std::string& text) : descriptor_(memfd_create("gvl-events", MFD_CLOEXEC)) {
  const bool written = descriptor_ >= 0 && write_all(descriptor_, text);
  fault_ = written ? "" : reason(errno);
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

TextInMemory::~TextInMemory() {
  if (descriptor_ >= 0) close(descriptor_);
}
