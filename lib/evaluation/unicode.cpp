/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/unicode.hpp"

#include <glib.h>

namespace gvl::evaluation {

std::u32string decoded(std::string_view text) {
  constexpr char32_t kReplacement = 0xfffd;
  std::u32string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const bool is_ascii = static_cast<unsigned char>(text.front()) < 0x80;
    const gunichar c = is_ascii ? static_cast<gunichar>(text.front())
                                : g_utf8_get_char_validated(text.data(), static_cast<gssize>(text.size()));
    const bool is_valid = g_unichar_validate(c);
    result += is_valid ? static_cast<char32_t>(c) : kReplacement;
    text.remove_prefix(is_ascii || !is_valid ? 1 : static_cast<std::size_t>(g_unichar_to_utf8(c, nullptr)));
  }
  return result;
}

std::string encoded(std::u32string_view text) {
  std::string result;
  for (const char32_t c : text) {
    char bytes[6];
    if (g_unichar_validate(c)) result.append(bytes, static_cast<std::size_t>(g_unichar_to_utf8(c, bytes)));
  }
  return result;
}

std::u32string lowered(std::u32string text) {
  constexpr char32_t kDottedI = 0x130;
  for (char32_t& c : text) c = c == kDottedI ? c : g_unichar_tolower(c);
  return text;
}

std::u32string replaced(std::u32string_view text, std::u32string_view old, std::u32string_view by) {
  std::u32string result;
  for (std::size_t from = 0;;) {
    const std::size_t found = text.find(old, from);
    result += text.substr(from, found - from);
    if (found == text.npos) return result;
    result += by;
    from = found + old.size();
  }
}

}  // namespace gvl::evaluation
