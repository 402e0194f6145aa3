/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gvl::text {

/** One character of UTF-8 text, or a stretch that is none. */
struct Character {
  char32_t value = 0;
  std::size_t length = 0;  ///< bytes; when not valid, those that Unicode replaces by one U+FFFD, at least one
  bool valid = false;
};

/** The character that begins at `position`, which lies within `text`. Strict: no surrogates, no overlong forms. */
Character character_at(std::string_view text, std::size_t position) noexcept;

/** The position of the first byte that is not UTF-8, if any. U+0000 is a character like others. */
std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/** `bytes` with each maximal stretch that is not UTF-8 replaced by U+FFFD, as Unicode recommends. */
std::string to_valid_utf8(std::string_view bytes);

/** U+0000-U+10FFFF as UTF-8. */
std::string to_utf8(char32_t character);

/** Unicode's White_Space. */
bool is_white_space(char32_t character) noexcept;
/** What regular expressions call a word character (UTS 18, \w). */
bool is_word_character(char32_t character) noexcept;

/** Bytes of white space at the start, at the end of valid UTF-8. */
std::size_t leading_white_space(std::string_view text) noexcept;
std::size_t trailing_white_space(std::string_view text) noexcept;

/** Valid UTF-8 without the white space around it (and without U+001C-U+001F there, as Python's str.strip()). */
std::string_view trimmed(std::string_view text) noexcept;

}  // namespace gvl::text
