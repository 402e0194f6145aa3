/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/prediction_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/atomic_file.hpp"
#include "io/mapped_file.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::error_code ignored;
  if (fs::file_size(file, ignored) == 0 || ignored) return {};
  return std::string(io::MappedFile::open(file)->text());
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category());
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

PredictionLog::PredictionLog(fs::path file, const std::string& settings, bool resumes) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot be written");
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    close(std::exchange(descriptor_, -1));
    throw Error(ErrorCode::kResource, file_.string() + ": another process writes it");
  }
  try {
    check_settings(settings, resumes);
    read();
  } catch (...) {
    close(std::exchange(descriptor_, -1));
    throw;
  }
}

PredictionLog::~PredictionLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

void PredictionLog::fail(const char* what) const {
  throw Error(ErrorCode::kResource, file_.string() + ": " + what + ": " + std::strerror(errno));
}

void PredictionLog::check_settings(const std::string& settings, bool resumes) const {
  const fs::path beside = file_.string() + ".settings.json";
  const bool is_there = fs::file_size(file_) > 0;
  if (is_there && !resumes)
    throw Error(ErrorCode::kInvalidArgument, file_.string() + ": is there already; --resume goes on with it");
  if (!is_there) return io::write_atomically(beside, settings);
  if (!fs::exists(beside)) {
    throw Error(ErrorCode::kInvalidArgument,
                beside.string() + ": is not there; without it nobody knows how " + file_.string() + " was made");
  }
  if (content_of(beside) != settings) {
    throw Error(ErrorCode::kInvalidArgument, file_.string() +
                                                 ": was begun with other settings, questions or weights (" +
                                                 beside.string() + " says which), and does not go on");
  }
}

void PredictionLog::read() {
  const std::string text = content_of(file_);
  std::size_t from = 0;
  for (std::size_t end = 0, number = 1; (end = text.find('\n', from)) != text.npos; from = end + 1, ++number) {
    const std::string line = text.substr(from, end - from);
    const std::string place = file_.string() + ": line " + std::to_string(number);
    const auto record = io::JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    const std::string id = record.string("id");
    if (!lines_.emplace(id, line).second) throw record.at("id").error("was predicted before");
  }
  if (from < text.size() && ftruncate(descriptor_, static_cast<off_t>(from)) != 0) fail("cannot be written");
}

void PredictionLog::add(const std::string& id, const std::string& line) {
  try {
    write_all(descriptor_, line + "\n");
  } catch (const std::system_error&) {
    fail("cannot be written");
  }
  lines_[id] = line;
}

void PredictionLog::add_missing(const PredictionLog& other) {
  for (const auto& [id, line] : other.lines()) {
    if (!has(id)) add(id, line);
  }
}

}  // namespace gvl::evaluation
