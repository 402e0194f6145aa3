/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/video_name.hpp"

#include <algorithm>
#include <filesystem>

#include "evaluation/unicode.hpp"

#include <glib.h>

namespace gvl::annotation {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::optional<std::string> fault_of_video_name(std::string_view name) {
  constexpr std::size_t kLongest = 1024;
  if (name.empty()) return "is empty, and no name of a video";
  if (name.size() > kLongest) return "is longer than a name of a video can be (1024 bytes)";
  if (std::any_of(name.begin(), name.end(), is_control)) return "has control characters, and is no name of a video";
  const std::filesystem::path path(name);
  const bool leads_out = path.is_absolute() || name.find('\\') != name.npos ||
                         std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
  if (leads_out) return "leads out of the folder of videos";
  if (!path.has_filename() || path.filename() == ".") return "is a folder, and no name of a video";
  return std::nullopt;
}

std::string in_one_line(std::string_view text) {
  std::u32string line;
  for (const char32_t c : evaluation::decoded(text)) {
    const bool is_blank = g_unichar_isspace(c) || g_unichar_iscntrl(c);
    if (!is_blank) line += c;
    if (is_blank && !line.empty() && line.back() != U' ') line += U' ';
  }
  if (!line.empty() && line.back() == U' ') line.pop_back();
  return evaluation::encoded(line);
}

}  // namespace gvl::annotation
