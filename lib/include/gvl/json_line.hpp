/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "gvl/export.hpp"

namespace gvl {

/** Longest line of JSON that is read, in bytes. */
inline constexpr std::size_t kLongestJsonLine = std::size_t{1} << 20;

/** An array or object within a line's object, which is not looked into. */
struct NestedJson {};

/** What a member says. nullptr_t: null. */
using JsonScalar = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, NestedJson>;
using JsonMembers = std::map<std::string, JsonScalar, std::less<>>;

/**
 * The members of a line that holds one JSON object, by the rules and limits of the library's own files: RFC 8259 to the
 * letter, at most kLongestJsonLine bytes, 64 levels and 65536 values. Integers beyond 64 bits are numbers. Throws
 * Error(kMalformed) with what is wrong, without a place. Thread safe.
 */
GVL_EXPORT JsonMembers read_json_line(std::string_view line);

/** The lines of a file of JSON lines, one in memory at a time. One thread at a time. */
class GVL_EXPORT JsonLines {
 public:
  /** Throws Error(kNotFound) naming the file when it cannot be opened. */
  explicit JsonLines(std::filesystem::path file);

  /**
   * The next line that is not blank, without white space around it; false at the end. Throws Error(kMalformed) naming
   * file and line for one that is too long, Error(kNotFound) when the file cannot be read on.
   */
  bool next(std::string& line);

  /** Of the line that next() gave, from 1. */
  std::size_t number() const noexcept { return number_; }
  /** Bytes read so far. */
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  bool next_any(std::string& line);

  std::filesystem::path path_;
  std::ifstream stream_;
  std::size_t number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace gvl
