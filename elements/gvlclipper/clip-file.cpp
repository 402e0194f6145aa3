/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-file.hpp"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "gvl/error.hpp"
#include "gvlfile.hpp"

namespace gvl::gst {

namespace {

constexpr mode_t kMode = 0666;
// Makes, and opens nothing that is there: the end of a path is never followed as a link.
constexpr int kMake = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(ErrorCode::kResource, shown(path) + ": " + g_strerror(error));
}

/** False where there is something of that name. */
bool is_free(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) == 0) return false;
  if (errno != ENOENT) fail(path, errno);
  return true;
}

void make_folder_of(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorCode::kResource, shown(path) + ": the folder cannot be made: " + error.message());
}

std::string numbered(const std::filesystem::path& path, int number) {
  if (number == 1) return path.string();
  return path.parent_path() / (path.stem().string() + "-" + std::to_string(number) + path.extension().string());
}

std::string description_of(const std::string& path) {
  const std::filesystem::path clip(path);
  // A clip that is called so itself.
  if (clip.extension() == ".json") return path + ".json";
  return std::filesystem::path(clip).replace_extension(".json");
}

}  // namespace

std::string shown(const std::string& path) {
  if (g_utf8_validate(path.c_str(), -1, nullptr)) return path;
  const std::unique_ptr<gchar, decltype(&g_free)> name(g_filename_display_name(path.c_str()), g_free);
  return name.get();
}

ClipFile::ClipFile(const std::string& wanted) : wanted_(wanted) {
  make_folder_of(wanted);
  do take_number(number_ + 1);
  while (!is_free(path_) || !is_free(description_) || !try_to_make());
}

ClipFile::~ClipFile() { close(); }

void ClipFile::take_number(int number) {
  number_ = number;
  path_ = numbered(wanted_, number);
  description_ = description_of(path_);
}

/** False where something of that name has come about meanwhile. */
bool ClipFile::try_to_make() {
  descriptor_ = open(path_.c_str(), kMake, kMode);
  if (descriptor_ < 0 && errno == EEXIST) return false;
  if (descriptor_ < 0) fail(path_, errno);
  struct stat status;
  if (fstat(descriptor_, &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  return true;
}

std::string ClipFile::close() {
  if (descriptor_ < 0) return {};
  const int result = ::close(descriptor_);
  descriptor_ = -1;
  return result == 0 ? std::string() : g_strerror(errno);
}

bool ClipFile::still_there() const {
  struct stat status;
  return lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

void ClipFile::discard() {
  if (still_there()) unlink(path_.c_str());
}

std::string ClipFile::set_aside() {
  struct stat status;
  if (!still_there() || stat(path_.c_str(), &status) != 0) return {};
  if (status.st_size == 0) {
    discard();
    return {};
  }
  for (int number = 1;; ++number) {
    const std::string part = path_ + (number == 1 ? "" : "-" + std::to_string(number)) + ".part";
    if (rename_to_free(path_, part)) return part;
    if (errno == EEXIST) continue;
    discard();
    return {};
  }
}

void ClipFile::rename_to_next() {
  const std::string before = path_;
  for (;;) {
    take_number(number_ + 1);
    if (!is_free(description_)) continue;
    if (rename_to_free(before, path_)) return;
    if (errno != EEXIST) fail(before, errno);
  }
}

void ClipFile::describe(const std::function<std::string(const std::string& path)>& text_for) {
  while (!write_new_file(description_, text_for(path_))) {
    if (errno != EEXIST) fail(description_, errno);
    rename_to_next();
  }
}

}  // namespace gvl::gst
