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
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t values = std::size_t{4} << 20;  ///< arrays, objects, members and plain values together
  std::size_t depth = 64;                     ///< arrays and objects within each other
};

/** What was built, laid out over lines and ended by one. The builder stays the caller's. */
std::string json_text(JsonBuilder* builder);

/**
 * One value of a JSON text, and the way to it ("spatial.heads") for messages. Copies are cheap and keep the whole
 * text's values alive; values may be read from any thread.
 *
 * The text is held to RFC 8259 to the letter (UTF-8, no comments, no lone surrogates) before json-glib sees it,
 * which by itself accepts more, recurses without limit and aborts on some input. Of members with the same name the
 * last counts. Characters U+0000 in strings are refused, as json-glib's strings end there.
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

  bool is_object() const noexcept { return JSON_NODE_HOLDS_OBJECT(node_); }
  bool is_array() const noexcept { return JSON_NODE_HOLDS_ARRAY(node_); }
  bool is_null() const noexcept { return JSON_NODE_HOLDS_NULL(node_); }
  bool is_string() const noexcept;
  bool is_bool() const noexcept;
  bool is_number() const noexcept;

  /** An integer within [smallest, largest]; 3.0 is none. */
  std::int64_t as_integer(std::int64_t smallest = kSmallest, std::int64_t largest = kLargest) const;
  /** A finite number, written with or without fraction. */
  double as_number() const;
  bool as_bool() const;
  std::string as_string() const;

  /** Elements of an array, members of an object. */
  std::size_t size() const;
  /** The element of an array. */
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

  /** Optional members of an object: the fallback when the member is absent or null. */
  std::int64_t integer_or(const std::string& name, std::int64_t fallback, std::int64_t smallest = kSmallest,
                          std::int64_t largest = kLargest) const;
  double number_or(const std::string& name, double fallback) const;
  bool boolean_or(const std::string& name, bool fallback) const;
  std::string string_or(const std::string& name, std::string fallback) const;

  /** For long arrays and objects, where building a JsonValue per element would cost. Owned by this value's text. */
  JsonNode* node() const noexcept { return node_; }

  /** "" for the outermost value, else like "added_tokens[3].content". */
  const std::string& path() const noexcept { return path_; }
  /** The file, as in messages. */
  const std::string& source() const noexcept;
  /** A name that the outermost object has twice, as written in the text. */
  const std::optional<std::string>& repeated_member() const noexcept;

  /** An Error about this value: "FILE: MEMBER: `what`". */
  Error error(const std::string& what, ErrorCode code = ErrorCode::kMalformed) const;

 private:
  struct Document;

  JsonValue(std::shared_ptr<const Document> document, JsonNode* node, std::string path);

  Error mismatch(const char* expected) const;
  JsonObject* require_object() const;
  JsonArray* require_array() const;
  JsonValue member(const std::string& name, JsonNode* node) const;
  JsonValue element(std::size_t index, JsonNode* node) const;

  std::shared_ptr<const Document> document_;
  JsonNode* node_;
  std::string path_;
};

}  // namespace gvl::io
