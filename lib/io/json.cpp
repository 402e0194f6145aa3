/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <system_error>

#include "io/json_scanner.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"

namespace gvl::io {

namespace {

constexpr std::uint32_t kNone = 0;  // entry 0 is nobody's member

/** The characters of the string that begins at `position`. */
std::string string_at(std::string_view text, std::size_t position) {
  const std::string_view inside = text.substr(position + 1, end_of_json_string(text, position) - position - 2);
  return inside.find('\\') == inside.npos ? std::string(inside) : unescape_json(inside);
}

bool string_is(std::string_view text, std::size_t position, const std::string& wanted) {
  const std::string_view begin = text.substr(position + 1, wanted.size() + 1);
  if (begin.find('\\') != begin.npos) return string_at(text, position) == wanted;
  return begin.size() == wanted.size() + 1 && begin.back() == '"' && begin.starts_with(wanted);
}

Error error_at(const std::string& source, const std::string& path, const std::string& what, ErrorCode code) {
  const std::string safe = quote(path);
  const std::string place = safe == "'" + path + "'" ? path : safe;
  return Error(code, source + ": " + (place.empty() ? "" : place + ": ") + what);
}

}  // namespace

struct JsonValue::Document {
  Document(std::string_view json, std::string name, const JsonLimits& limits) : source(std::move(name)) {
    scan_json(json, source, limits, &entries);
    text = json;
  }

  std::string source;
  std::string text;
  std::vector<JsonEntry> entries;
};

JsonValue::JsonValue(std::shared_ptr<const Document> document, std::uint32_t index)
    : document_(std::move(document)), index_(index) {}

JsonValue JsonValue::parse(std::string_view text, std::string source, const JsonLimits& limits) {
  return JsonValue(std::make_shared<const Document>(text, std::move(source), limits), 0);
}

JsonValue JsonValue::load(const std::filesystem::path& file, const JsonLimits& limits) {
  const auto mapped = MappedFile::open(file, MappedFile::Access::kSequential);
  return parse(mapped->text(), file.string(), limits);
}

const JsonEntry& JsonValue::entry() const noexcept { return document_->entries[index_]; }

char JsonValue::first() const noexcept { return document_->text[entry().begin]; }

std::string_view JsonValue::number_text() const noexcept {
  const std::string_view rest = std::string_view(document_->text).substr(entry().begin);
  return rest.substr(0, rest.find_first_not_of("+-.0123456789eE"));
}

bool JsonValue::is_integer() const noexcept {
  if (!is_number()) return false;
  const std::string_view text = number_text();
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

std::int64_t JsonValue::as_integer(std::int64_t smallest, std::int64_t largest) const {
  if (!is_integer()) throw mismatch("an integer");
  const std::string_view text = number_text();
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value < smallest || value > largest) {
    throw error(std::to_string(value) + " is not within " + std::to_string(smallest) + " to " +
                std::to_string(largest));
  }
  return value;
}

double JsonValue::as_number() const {
  if (!is_number()) throw mismatch("a number");
  const double value = g_ascii_strtod(std::string(number_text()).c_str(), nullptr);
  if (!std::isfinite(value)) throw error("the number is too large");
  return value;
}

bool JsonValue::as_bool() const {
  if (!is_bool()) throw mismatch("a bool");
  return first() == 't';
}

std::string JsonValue::as_string() const {
  if (!is_string()) throw mismatch("a string");
  return string_at(document_->text, entry().begin);
}

template <typename Visit>
void JsonValue::for_each_member(Visit&& visit) const {
  require_object();
  const std::vector<JsonEntry>& entries = document_->entries;
  for (std::uint32_t name = index_ + 1; name < entry().next; name = entries[name + 1].next) visit(name);
}

/** The last value with this name, or kNone. */
std::uint32_t JsonValue::find_member(const std::string& name) const {
  std::uint32_t found = kNone;
  for_each_member([&](std::uint32_t at) {
    if (string_is(document_->text, document_->entries[at].begin, name)) found = at + 1;
  });
  return found;
}

std::size_t JsonValue::size() const {
  if (is_array()) return entry().count;
  return members().size();
}

JsonValue JsonValue::at(std::size_t index) const {
  require_array();
  if (index >= entry().count) {
    throw error("has " + std::to_string(entry().count) + " elements, expected at least " + std::to_string(index + 1));
  }
  std::uint32_t element = index_ + 1;
  while (index-- > 0) element = document_->entries[element].next;
  return sibling(element);
}

JsonValue JsonValue::at(const std::string& name) const {
  const std::uint32_t found = find_member(name);
  if (found != kNone) return sibling(found);
  const std::string path = this->path();
  throw error_at(source(), path.empty() ? name : path + "." + name, "is missing", ErrorCode::kMalformed);
}

std::optional<JsonValue> JsonValue::find(const std::string& name) const {
  const std::uint32_t found = find_member(name);
  if (found == kNone || sibling(found).is_null()) return std::nullopt;
  return sibling(found);
}

std::vector<JsonValue> JsonValue::elements() const {
  require_array();
  std::vector<JsonValue> values;
  values.reserve(entry().count);
  for (std::uint32_t at = index_ + 1; at < entry().next; at = document_->entries[at].next) {
    values.push_back(sibling(at));
  }
  return values;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
  require_object();
  std::vector<std::pair<std::string, JsonValue>> values;
  values.reserve(entry().count);
  for_each_member([&](std::uint32_t at) {
    values.emplace_back(string_at(document_->text, document_->entries[at].begin), sibling(at + 1));
  });
  // Of equal names, side by side when sorted, the first keeps its place and gets the last one's value.
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return values[a].first < values[b].first; });
  std::vector<bool> repeated(values.size());
  for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
    if (values[order[i]].first != values[order[first]].first) {
      first = i;
      continue;
    }
    values[order[first]].second = values[order[i]].second;
    repeated[order[i]] = true;
  }
  std::size_t place = 0;
  std::erase_if(values, [&](const auto&) { return repeated[place++]; });
  return values;
}

JsonValue JsonValue::object(const std::string& name) const {
  JsonValue value = at(name);
  value.require_object();
  return value;
}

JsonValue JsonValue::array(const std::string& name) const {
  JsonValue value = at(name);
  value.require_array();
  return value;
}

void JsonValue::allow_members(const std::vector<std::string_view>& names) const {
  for (const auto& [name, value] : members()) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw value.error("is no member that is known here");
  }
}

std::int64_t JsonValue::integer_or(const std::string& name, std::int64_t fallback, std::int64_t smallest,
                                   std::int64_t largest) const {
  const auto value = find(name);
  return value ? value->as_integer(smallest, largest) : fallback;
}

double JsonValue::number_or(const std::string& name, double fallback) const {
  const auto value = find(name);
  return value ? value->as_number() : fallback;
}

bool JsonValue::boolean_or(const std::string& name, bool fallback) const {
  const auto value = find(name);
  return value ? value->as_bool() : fallback;
}

std::string JsonValue::string_or(const std::string& name, std::string fallback) const {
  const auto value = find(name);
  return value ? value->as_string() : std::move(fallback);
}

const std::string& JsonValue::source() const noexcept { return document_->source; }

std::optional<std::string> JsonValue::repeated_member() const {
  std::vector<std::string> names;
  names.reserve(entry().count);
  for_each_member([&](std::uint32_t at) { names.push_back(string_at(document_->text, document_->entries[at].begin)); });
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return std::nullopt;
  return *twice;
}

/** How a path goes on from this value's array or object to it. */
std::string JsonValue::step_to() const {
  const std::vector<JsonEntry>& entries = document_->entries;
  if (sibling(entry().parent).is_object()) return "." + string_at(document_->text, entries[index_ - 1].begin);
  std::size_t place = 0;
  for (std::uint32_t at = entry().parent + 1; at != index_; at = entries[at].next) ++place;
  return "[" + std::to_string(place) + "]";
}

std::string JsonValue::path() const {
  std::vector<std::string> steps;
  for (JsonValue value = *this; value.index_ != 0; value = sibling(value.entry().parent)) {
    steps.push_back(value.step_to());
  }
  std::string path;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) path += *step;
  return path.starts_with('.') ? path.substr(1) : path;
}

Error JsonValue::error(const std::string& what, ErrorCode code) const { return error_at(source(), path(), what, code); }

Error JsonValue::mismatch(const char* expected) const {
  const char* found = is_object()    ? "an object"
                      : is_array()   ? "an array"
                      : is_null()    ? "null"
                      : is_string()  ? "a string"
                      : is_bool()    ? "a bool"
                      : is_integer() ? "an integer"
                                     : "a number";
  return error("expected " + std::string(expected) + ", found " + found);
}

void JsonValue::require_object() const {
  if (!is_object()) throw mismatch("an object");
}

void JsonValue::require_array() const {
  if (!is_array()) throw mismatch("an array");
}

std::string json_text(JsonBuilder* builder) {
  JsonNode* root = json_builder_get_root(builder);
  char* text = json_to_string(root, TRUE);
  std::string result = std::string(text) + "\n";
  g_free(text);
  json_node_unref(root);
  return result;
}

}  // namespace gvl::io
