/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/quote.hpp"

#include <glib.h>

#include <array>
#include <cstdio>

namespace gvl::io {

namespace {

void append_hex_escape(std::string& out, unsigned char byte) {
  std::array<char, 5> escape{};
  std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
  out += escape.data();
}

}  // namespace

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  const bool cut = text.size() > kLongest;
  if (cut) text = text.substr(0, kLongest);

  std::string out = "'";
  while (!text.empty()) {
    const gunichar character = g_utf8_get_char_validated(text.data(), static_cast<gssize>(text.size()));
    const bool valid = character != static_cast<gunichar>(-1) && character != static_cast<gunichar>(-2);
    const std::size_t length = valid ? static_cast<std::size_t>(g_unichar_to_utf8(character, nullptr)) : 1;
    if (valid && character != 0 && g_unichar_isprint(character)) {
      out += text.substr(0, length);
    } else {
      for (const char byte : text.substr(0, length)) append_hex_escape(out, static_cast<unsigned char>(byte));
    }
    text.remove_prefix(length);
  }
  return out + (cut ? "...'" : "'");
}

}  // namespace gvl::io
