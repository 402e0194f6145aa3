#include "io/json.hpp"

#include <cmath>

#include "io/json_scanner.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"

namespace gvl::io {

namespace {

// json-glib wraps integers beyond 64 bits around; with a fraction it reads them as the numbers that they are.
std::string with_fractions(std::string_view text, const std::vector<std::size_t>& offsets) {
  std::string out;
  std::size_t done = 0;
  for (const std::size_t offset : offsets) {
    out += text.substr(done, offset - done);
    out += ".0";
    done = offset;
  }
  return out += text.substr(done);
}

JsonNode* parse_checked(std::string_view text, const std::string& source) {
  JsonParser* parser = json_parser_new();
  GError* failure = nullptr;
  JsonNode* root = nullptr;
  if (json_parser_load_from_data(parser, text.data(), static_cast<gssize>(text.size()), &failure)) {
    root = json_parser_steal_root(parser);
  }
  g_object_unref(parser);
  if (root) return root;
  const std::string message = failure ? failure->message : "no value";
  g_clear_error(&failure);
  throw Error(ErrorCode::kMalformed, source + ": not valid JSON: " + message);
}

const char* kind_of(JsonNode* node) {
  if (JSON_NODE_HOLDS_OBJECT(node)) return "an object";
  if (JSON_NODE_HOLDS_ARRAY(node)) return "an array";
  if (JSON_NODE_HOLDS_NULL(node)) return "null";
  switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
      return "a string";
    case G_TYPE_BOOLEAN:
      return "a bool";
    case G_TYPE_INT64:
      return "an integer";
    default:
      return "a number";
  }
}

}  // namespace

struct JsonValue::Document {
  Document(std::string_view text, std::string name, const JsonLimits& limits) : source(std::move(name)) {
    JsonScan scan = scan_json(text, source, limits);
    repeated_member = std::move(scan.repeated_member);
    root = scan.huge_integers.empty() ? parse_checked(text, source)
                                      : parse_checked(with_fractions(text, scan.huge_integers), source);
  }
  ~Document() { json_node_unref(root); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  std::string source;
  std::optional<std::string> repeated_member;
  JsonNode* root = nullptr;
};

JsonValue::JsonValue(std::shared_ptr<const Document> document, JsonNode* node, std::string path)
    : document_(std::move(document)), node_(node), path_(std::move(path)) {}

JsonValue JsonValue::parse(std::string_view text, std::string source, const JsonLimits& limits) {
  auto document = std::make_shared<const Document>(text, std::move(source), limits);
  JsonNode* root = document->root;
  return JsonValue(std::move(document), root, "");
}

JsonValue JsonValue::load(const std::filesystem::path& file, const JsonLimits& limits) {
  const auto mapped = MappedFile::open(file, MappedFile::Access::kSequential);
  return parse(mapped->text(), file.string(), limits);
}

bool JsonValue::is_string() const noexcept {
  return JSON_NODE_HOLDS_VALUE(node_) && json_node_get_value_type(node_) == G_TYPE_STRING;
}

bool JsonValue::is_bool() const noexcept {
  return JSON_NODE_HOLDS_VALUE(node_) && json_node_get_value_type(node_) == G_TYPE_BOOLEAN;
}

bool JsonValue::is_number() const noexcept {
  return JSON_NODE_HOLDS_VALUE(node_) &&
         (json_node_get_value_type(node_) == G_TYPE_INT64 || json_node_get_value_type(node_) == G_TYPE_DOUBLE);
}

std::int64_t JsonValue::as_integer(std::int64_t smallest, std::int64_t largest) const {
  if (!JSON_NODE_HOLDS_VALUE(node_) || json_node_get_value_type(node_) != G_TYPE_INT64) throw mismatch("an integer");
  const std::int64_t value = json_node_get_int(node_);
  if (value < smallest || value > largest) {
    throw error(std::to_string(value) + " is not within " + std::to_string(smallest) + " to " +
                std::to_string(largest));
  }
  return value;
}

double JsonValue::as_number() const {
  if (!is_number()) throw mismatch("a number");
  const double value = json_node_get_value_type(node_) == G_TYPE_INT64 ? static_cast<double>(json_node_get_int(node_))
                                                                       : json_node_get_double(node_);
  if (!std::isfinite(value)) throw error("the number is too large");
  return value;
}

bool JsonValue::as_bool() const {
  if (!is_bool()) throw mismatch("a bool");
  return json_node_get_boolean(node_);
}

std::string JsonValue::as_string() const {
  if (!is_string()) throw mismatch("a string");
  return json_node_get_string(node_);
}

std::size_t JsonValue::size() const {
  if (is_array()) return json_array_get_length(json_node_get_array(node_));
  return json_object_get_size(require_object());
}

JsonValue JsonValue::at(std::size_t index) const {
  JsonArray* array = require_array();
  const std::size_t length = json_array_get_length(array);
  if (index >= length) {
    throw error("has " + std::to_string(length) + " elements, expected at least " + std::to_string(index + 1));
  }
  return element(index, json_array_get_element(array, static_cast<guint>(index)));
}

JsonValue JsonValue::at(const std::string& name) const {
  JsonNode* node = json_object_get_member(require_object(), name.c_str());
  JsonValue value = member(name, node);
  if (!node) throw value.error("is missing");
  return value;
}

std::optional<JsonValue> JsonValue::find(const std::string& name) const {
  JsonNode* node = json_object_get_member(require_object(), name.c_str());
  if (!node || JSON_NODE_HOLDS_NULL(node)) return std::nullopt;
  return member(name, node);
}

std::vector<JsonValue> JsonValue::elements() const {
  JsonArray* array = require_array();
  const std::size_t length = json_array_get_length(array);
  std::vector<JsonValue> values;
  values.reserve(length);
  for (std::size_t i = 0; i < length; ++i) {
    values.push_back(element(i, json_array_get_element(array, static_cast<guint>(i))));
  }
  return values;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
  JsonObject* object = require_object();
  std::vector<std::pair<std::string, JsonValue>> values;
  values.reserve(json_object_get_size(object));
  JsonObjectIter iterator;
  json_object_iter_init_ordered(&iterator, object);
  const char* name = nullptr;
  JsonNode* node = nullptr;
  while (json_object_iter_next_ordered(&iterator, &name, &node)) values.emplace_back(name, member(name, node));
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

const std::optional<std::string>& JsonValue::repeated_member() const noexcept { return document_->repeated_member; }

Error JsonValue::error(const std::string& what, ErrorCode code) const {
  const std::string safe = quote(path_);
  const std::string place = safe == "'" + path_ + "'" ? path_ : safe;
  return Error(code, source() + ": " + (place.empty() ? "" : place + ": ") + what);
}

Error JsonValue::mismatch(const char* expected) const {
  return error("expected " + std::string(expected) + ", found " + kind_of(node_));
}

JsonObject* JsonValue::require_object() const {
  if (!is_object()) throw mismatch("an object");
  return json_node_get_object(node_);
}

JsonArray* JsonValue::require_array() const {
  if (!is_array()) throw mismatch("an array");
  return json_node_get_array(node_);
}

JsonValue JsonValue::member(const std::string& name, JsonNode* node) const {
  return JsonValue(document_, node, path_.empty() ? name : path_ + "." + name);
}

JsonValue JsonValue::element(std::size_t index, JsonNode* node) const {
  return JsonValue(document_, node, path_ + "[" + std::to_string(index) + "]");
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
