/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/json_line.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "io/json.hpp"

namespace gvl {

namespace {

constexpr const char* kNowhere = "the line";

JsonScalar scalar_of(const io::JsonValue& value) {
  if (value.is_null()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_integer()) return value.as_integer();
  if (value.is_number()) return value.as_number();
  if (value.is_string()) return value.as_string();
  return NestedJson{};
}

}  // namespace

JsonMembers read_json_line(std::string_view line) try {
  constexpr std::size_t kMostValues = std::size_t{1} << 16;
  const auto root = io::JsonValue::parse(line, kNowhere, {.bytes = kLongestJsonLine, .values = kMostValues});
  if (!root.is_object()) throw root.error("is no JSON object");
  JsonMembers members;
  for (const auto& [name, value] : root.members()) members.emplace(name, scalar_of(value));
  return members;
} catch (const Error& error) {
  // The caller knows which line of what this is.
  const std::string_view message = error.what();
  const std::string place = std::string(kNowhere) + ": ";
  throw Error(error.code(), std::string(message.starts_with(place) ? message.substr(place.size()) : message));
}

JsonLines::JsonLines(std::filesystem::path file) : path_(std::move(file)) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path_, ignored);
  errno = 0;
  if (!folder) stream_.open(path_, std::ios::binary);
  if (folder || !stream_) {
    const std::string reason = folder ? "is a folder, expected a file"
                                      : "cannot be opened: " + std::generic_category().message(errno ? errno : EIO);
    throw Error(ErrorCode::kNotFound, path_.string() + ": " + reason);
  }
}

/** One line as it is, without its end. */
bool JsonLines::next_any(std::string& line) {
  line.clear();
  std::streambuf& buffer = *stream_.rdbuf();
  for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) {
    ++bytes_;
    if (c == '\n') {
      ++number_;
      return true;
    }
    if (line.size() == kLongestJsonLine) {
      throw Error(ErrorCode::kMalformed, path_.string() + ": line " + std::to_string(number_ + 1) +
                                             ": is longer than " + std::to_string(kLongestJsonLine) + " bytes");
    }
    line += static_cast<char>(c);
  }
  if (line.empty()) return false;
  ++number_;
  return true;
}

bool JsonLines::next(std::string& line) {
  const auto read = [&] {
    try {
      return next_any(line);
    } catch (const std::ios_base::failure& failure) {
      throw Error(ErrorCode::kNotFound, path_.string() + ": cannot be read: " + failure.code().message());
    }
  };
  while (read()) {
    constexpr const char* kSpace = " \t\r\n\f\v";
    const std::size_t start = line.find_first_not_of(kSpace);
    if (start == line.npos) continue;
    line = line.substr(start, line.find_last_not_of(kSpace) + 1 - start);
    return true;
  }
  return false;
}

}  // namespace gvl
