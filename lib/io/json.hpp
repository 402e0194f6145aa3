/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::io {

/** What reading one JSON text may cost. Checked before anything is allocated for its values. */
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;  ///< never more than 4 GiB
  std::size_t values = std::size_t{4} << 20;  ///< arrays, objects, members and plain values together
  std::size_t depth = 64;                     ///< arrays and objects within each other
};

/** What was built, laid out over lines and ended by one. The builder stays the caller's. */
std::string json_text(JsonBuilder* builder);

struct JsonEntry;

/**
 * One value of a JSON text. Copies are cheap and keep the whole text alive; values may be read from any thread.
 *
 * This is the one reader of JSON that comes from outside. The text is held to RFC 8259 to the letter (UTF-8, no
 * comments, no lone surrogates) and to its limits in one pass that does not recurse. What is kept is the text and 16
 * bytes a value, at most 24 times the text's size while it is read; strings and paths are made when they are asked for.
 * Of members with the same name the last counts; looking for one costs time in proportion to the object. Characters
 * U+0000 in strings are refused, as C strings end there.
 *
 * Every accessor throws Error(kMalformed) "FILE: MEMBER: what is wrong" when the value is not what is asked for.
 */
class JsonValue {
 public:
  static constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

  /** `source` stands for the file in messages. */
  static JsonValue parse(std::string_view text, std::string source, const JsonLimits& limits = {});
  /** Throws also what MappedFile::open() throws. */
  static JsonValue load(const std::filesystem::path& file, const JsonLimits& limits = {});

  bool is_object() const noexcept { return first() == '{'; }
  bool is_array() const noexcept { return first() == '['; }
  bool is_null() const noexcept { return first() == 'n'; }
  bool is_string() const noexcept { return first() == '"'; }
  bool is_bool() const noexcept { return first() == 't' || first() == 'f'; }
  bool is_number() const noexcept { return first() == '-' || (first() >= '0' && first() <= '9'); }
  /** Written without fraction and exponent, and within 64 bits with sign. */
  bool is_integer() const noexcept;

  /** An integer within [smallest, largest]; 3.0 is none. */
  std::int64_t as_integer(std::int64_t smallest = kSmallest, std::int64_t largest = kLargest) const;
  /** A finite number, written with or without fraction. */
  double as_number() const;
  bool as_bool() const;
  std::string as_string() const;

  /** Elements of an array, members of an object. */
  std::size_t size() const;
  /** The element of an array. Passes over those before it: elements() is for all of them. */
  JsonValue at(std::size_t index) const;
  /** The member of an object, which must be there. */
  JsonValue at(const std::string& name) const;
  /** The member of an object; none when it is absent or null. */
  std::optional<JsonValue> find(const std::string& name) const;
  bool has(const std::string& name) const { return find(name).has_value(); }

  std::vector<JsonValue> elements() const;
  /** In the order in which they are written. */
  std::vector<std::pair<std::string, JsonValue>> members() const;

  /** Required members of an object. */
  std::int64_t integer(const std::string& name, std::int64_t smallest = kSmallest,
                       std::int64_t largest = kLargest) const {
    return at(name).as_integer(smallest, largest);
  }
  double number(const std::string& name) const { return at(name).as_number(); }
  bool boolean(const std::string& name) const { return at(name).as_bool(); }
  std::string string(const std::string& name) const { return at(name).as_string(); }
  JsonValue object(const std::string& name) const;
  JsonValue array(const std::string& name) const;

  /** Of an object that people write: throws for a member that is none of these, most likely a misspelt one. */
  void allow_members(const std::vector<std::string_view>& names) const;

  /** Optional members of an object: the fallback when the member is absent or null. */
  std::int64_t integer_or(const std::string& name, std::int64_t fallback, std::int64_t smallest = kSmallest,
                          std::int64_t largest = kLargest) const;
  double number_or(const std::string& name, double fallback) const;
  bool boolean_or(const std::string& name, bool fallback) const;
  std::string string_or(const std::string& name, std::string fallback) const;

  /** "" for the outermost value, else like "added_tokens[3].content". */
  std::string path() const;
  /** The file, as in messages. */
  const std::string& source() const noexcept;
  /** A name that this object has twice. */
  std::optional<std::string> repeated_member() const;

  /** An Error about this value: "FILE: MEMBER: `what`". */
  Error error(const std::string& what, ErrorCode code = ErrorCode::kMalformed) const;

 private:
  struct Document;

  JsonValue(std::shared_ptr<const Document> document, std::uint32_t index);

  Error mismatch(const char* expected) const;
  void require_object() const;
  void require_array() const;
  char first() const noexcept;
  std::string_view number_text() const noexcept;
  const JsonEntry& entry() const noexcept;
  JsonValue sibling(std::uint32_t index) const { return JsonValue(document_, index); }
  /** Calls `visit(index of the name's entry)` for each member as it is written. */
  template <typename Visit>
  void for_each_member(Visit&& visit) const;
  std::uint32_t find_member(const std::string& name) const;
  std::string step_to() const;

  std::shared_ptr<const Document> document_;
  std::uint32_t index_ = 0;  // of its entry
};

}  // namespace gvl::io
