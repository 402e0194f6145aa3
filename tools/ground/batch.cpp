/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/batch.hpp"

#include <glib.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "ground/names.hpp"
#include "ground/outputs.hpp"

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDigits = 16;  // of a name's checksum: two of a million names hardly ever have the same

/** Also what cannot be looked at: it is not written over. */
bool is_there(const std::string& file) {
  std::error_code error;
  return fs::symlink_status(file, error).type() != fs::file_type::not_found;
}

}  // namespace

std::vector<std::string> videos_of_list(const std::string& file, std::string& fault) {
  g_autofree char* text = nullptr;
  gsize length = 0;
  g_autoptr(GError) error = nullptr;
  if (!g_file_get_contents(file.c_str(), &text, &length, &error)) {
    fault = "--list " + file + ": " + error->message;
    return {};
  }
  std::vector<std::string> videos;
  const std::string all(text, length);
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    std::string video = all.substr(begin, end - begin);
    if (!video.empty() && video.back() == '\r') video.pop_back();
    if (video.find('\0') != std::string::npos) fault = "--list " + file + ": is no text";
    if (!video.empty()) videos.push_back(std::move(video));
    begin = end + 1;
  }
  if (videos.empty() && fault.empty()) fault = "--list " + file + ": names no video";
  return videos;
}

std::string result_of(const std::string& folder, const std::string& video) {
  g_autofree char* checksum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, video.c_str(), -1);
  return (fs::path(folder) / (stem_of(video) + "-" + std::string(checksum, kDigits) + ".jsonl")).string();
}

std::size_t leave_out_what_is_done(Arguments& arguments) {
  if (!arguments.resume) return 0;
  return std::erase_if(arguments.videos,
                       [&](const std::string& video) { return is_there(result_of(arguments.results, video)); });
}

std::string fault_of_batch(const Arguments& arguments) {
  if (arguments.results.empty()) return arguments.resume ? "--resume needs --results" : "";
  std::set<std::string> results;
  for (const std::string& video : arguments.videos)
    if (!results.insert(result_of(arguments.results, video)).second)
      return "--results takes a video once, and " + readable_name(video) + " is named twice";
  return {};
}

std::string fault_of_results(const Arguments& arguments) {
  if (arguments.results.empty()) return {};
  const std::string option = "--results " + arguments.results + ": ";
  if (const std::string fault = fault_of_folder(arguments.results); !fault.empty()) return option + fault;
  std::error_code error;
  fs::create_directories(arguments.results, error);
  if (error) return option + error.message();
  for (const std::string& video : arguments.videos) {
    const std::string result = result_of(arguments.results, video);
    if (!arguments.force && is_there(result))
      return option + result + " is there already: --resume goes on, --force replaces";
  }
  return {};
}
