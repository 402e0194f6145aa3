/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/repository.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace {

constexpr std::size_t kLongestList = 32 << 20;
constexpr int kMostPages = 1000;
constexpr std::size_t kMostFiles = 100'000;
constexpr std::int64_t kLargestFile = std::int64_t{1} << 44;

bool is_hexadecimal(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/** Whether it names a file within a folder, in letters that every system has. */
bool is_within(std::string_view path) {
  constexpr std::string_view kRest = "._-+/";
  if (path.empty() || path.size() > 1024 || path.front() == '/' || path.back() == '/') return false;
  const auto fits = [&](char c) { return g_ascii_isalnum(c) || kRest.find(c) != std::string_view::npos; };
  if (!std::all_of(path.begin(), path.end(), fits)) return false;
  const std::string whole = "/" + std::string(path) + "/";
  return whole.find("/./") == std::string::npos && whole.find("/../") == std::string::npos &&
         whole.find("//") == std::string::npos;
}

/** Whether values lie so deep in each other that a parser that calls itself may not come back. */
bool is_deep(std::string_view json) {
  constexpr int kDeepest = 16;
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size() && depth <= kDeepest; ++i) {
    const char c = json[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
  }
  return depth > kDeepest;
}

/** Reads what a server says, which need not have the form that is expected. */
class Answer {
 public:
  Answer(const std::string& text, std::string url) : url_(std::move(url)), parser_(json_parser_new_immutable()) {
    g_autoptr(GError) error = nullptr;
    if (is_deep(text)) fail("has values too deep within each other");
    if (!json_parser_load_from_data(parser_, text.data(), static_cast<gssize>(text.size()), &error)) {
      fail(std::string("is no JSON: ") + error->message);
    }
  }
  ~Answer() { g_object_unref(parser_); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  [[noreturn]] void fail(const std::string& what) const { throw HttpError(url_ + ": the answer " + what, false); }

  JsonNode* root() const { return json_parser_get_root(parser_); }

  JsonObject* object(JsonNode* node) const {
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) fail("has another form than a list of files");
    return json_node_get_object(node);
  }

  std::string text(JsonObject* object, const char* name) const {
    JsonNode* node = json_object_get_member(object, name);
    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
      fail(std::string("has no text '") + name + "'");
    }
    return json_node_get_string(node);
  }

  std::int64_t size(JsonObject* object) const {
    JsonNode* node = json_object_get_member(object, "size");
    const bool is_number = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
    const std::int64_t size = is_number ? json_node_get_int(node) : -1;
    if (size < 0 || size > kLargestFile) fail("has a file without a size that a file can have");
    return size;
  }

 private:
  std::string url_;
  JsonParser* parser_;
};

RemoteFile file_of(const Answer& answer, JsonObject* entry) {
  RemoteFile file{.path = answer.text(entry, "path"), .size = answer.size(entry), .sha256 = {}, .git_sha1 = {}};
  if (JsonNode* lfs = json_object_get_member(entry, "lfs"); lfs && !JSON_NODE_HOLDS_NULL(lfs)) {
    JsonObject* pointed = answer.object(lfs);
    file.sha256 = answer.text(pointed, "oid");
    file.size = answer.size(pointed);
    if (!is_hexadecimal(file.sha256, 64)) answer.fail("has a checksum that is no SHA-256");
    return file;
  }
  file.git_sha1 = answer.text(entry, "oid");
  if (!is_hexadecimal(file.git_sha1, 40)) answer.fail("has a checksum that is none of git's");
  return file;
}

std::string escaped(const std::string& text, const char* allowed) {
  g_autofree char* all = g_uri_escape_string(text.c_str(), allowed, FALSE);
  return all;
}

}  // namespace

Repository::Repository(HttpClient& client, std::string endpoint, std::string name, const std::string& revision)
    : endpoint_(std::move(endpoint)), name_(std::move(name)) {
  const std::string url = endpoint_ + "/api/models/" + escaped(name_, "/") + "/revision/" + escaped(revision, nullptr);
  const Answer answer(client.read(url, kLongestList).text, url);
  commit_ = answer.text(answer.object(answer.root()), "sha");
  if (!is_hexadecimal(commit_, 40)) answer.fail("names no commit");
}

std::vector<RemoteFile> Repository::list(HttpClient& client) const {
  std::vector<RemoteFile> files;
  std::string url = endpoint_ + "/api/models/" + escaped(name_, "/") + "/tree/" + commit_ + "?recursive=true";
  for (int page = 0; !url.empty(); ++page) {
    const HttpClient::Document document = client.read(url, kLongestList);
    const Answer answer(document.text, url);
    if (!answer.root() || !JSON_NODE_HOLDS_ARRAY(answer.root())) answer.fail("is no list of files");
    JsonArray* entries = json_node_get_array(answer.root());
    for (guint i = 0; i < json_array_get_length(entries); ++i) {
      JsonObject* entry = answer.object(json_array_get_element(entries, i));
      if (answer.text(entry, "type") != "file" || !is_within(answer.text(entry, "path"))) continue;
      files.push_back(file_of(answer, entry));
    }
    url = document.next;
    if (!url.empty() && (page + 1 == kMostPages || files.size() > kMostFiles)) answer.fail("is one page of too many");
  }
  return files;
}

std::string Repository::url_of(const RemoteFile& file) const {
  return endpoint_ + "/" + escaped(name_, "/") + "/resolve/" + commit_ + "/" + escaped(file.path, "/");
}
