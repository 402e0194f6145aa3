/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/repository.hpp"

#include <glib.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "io/json.hpp"

namespace {

using gvl::io::JsonValue;

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

JsonValue parsed(const std::string& answer, const std::string& url) {
  return JsonValue::parse(answer, without_secrets(url), {.bytes = kLongestList});
}

/** A checksum in hexadecimal digits. */
std::string checksum_of(const JsonValue& entry, const char* name, std::size_t digits) {
  const std::string sum = entry.string(name);
  if (!is_hexadecimal(sum, digits))
    throw entry.at(name).error("is no checksum of " + std::to_string(digits) + " digits");
  return sum;
}

RemoteFile file_of(const JsonValue& entry) {
  RemoteFile file{.path = entry.string("path"), .size = 0, .sha256 = {}, .git_sha1 = {}};
  if (const auto pointed = entry.find("lfs")) {
    file.sha256 = checksum_of(*pointed, "oid", 64);
    file.size = pointed->integer("size", 0, kLargestFile);
    return file;
  }
  file.git_sha1 = checksum_of(entry, "oid", 40);
  file.size = entry.integer("size", 0, kLargestFile);
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
  commit_ = checksum_of(parsed(client.read(url, kLongestList).text, url), "sha", 40);
}

std::vector<RemoteFile> Repository::list(HttpClient& client) const {
  std::vector<RemoteFile> files;
  std::string url = endpoint_ + "/api/models/" + escaped(name_, "/") + "/tree/" + commit_ + "?recursive=true";
  for (int page = 0; !url.empty(); ++page) {
    const HttpClient::Document document = client.read(url, kLongestList);
    const auto list = parsed(document.text, url);
    for (const JsonValue& entry : list.elements()) {
      if (entry.string("type") != "file" || !is_within(entry.string("path"))) continue;
      files.push_back(file_of(entry));
    }
    url = document.next;
    if (!url.empty() && (page + 1 == kMostPages || files.size() > kMostFiles))
      throw list.error("is one page of too many");
  }
  return files;
}

std::string Repository::url_of(const RemoteFile& file) const {
  return endpoint_ + "/" + escaped(name_, "/") + "/resolve/" + commit_ + "/" + escaped(file.path, "/");
}
