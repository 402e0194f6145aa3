/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

namespace gvl::evaluation {
namespace {

/** Characters of UTF-8. */
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// A line break or tab in a label would tear the table.
void flatten(std::string& cell) {
  std::replace_if(
      cell.begin(), cell.end(), [](unsigned char c) { return c < 0x20; }, ' ');
}

}  // namespace

std::string number(double value, int decimals) {
  // The sign, the longest whole part, the point, the decimals.
  std::array<char, std::numeric_limits<double>::max_exponent10 + 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals).ptr;
  return std::string(text.data(), end);
}

std::string brief(double value) {
  std::array<char, 32> text{};
  return std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

std::string json_string(const std::string& text) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (byte < 0x20) {
      json += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string aligned(std::vector<std::vector<std::string>> lines) {
  std::vector<std::size_t> widths(lines.empty() ? 0 : lines.front().size());
  for (auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      flatten(line[i]);
      widths[i] = std::max(widths[i], width(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    text += line.front() + std::string(widths[0] - width(line.front()), ' ');
    for (std::size_t i = 1; i < line.size(); ++i) text += std::string(2 + widths[i] - width(line[i]), ' ') + line[i];
    text += "\n";
  }
  return text;
}

}  // namespace gvl::evaluation
