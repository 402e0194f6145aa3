/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/utf8.hpp"

#include <glib.h>

#include <algorithm>

namespace gvl::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/** What may follow a lead byte (Unicode standard, table 3-7). */
struct Lead {
  std::size_t length = 1;
  unsigned char second_smallest = 0x80;
  unsigned char second_largest = 0xBF;
  bool valid = false;
};

Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, 0, 0, true};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2, 0x80, 0xBF, true};
  if (byte == 0xE0) return {3, 0xA0, 0xBF, true};
  if (byte == 0xED) return {3, 0x80, 0x9F, true};
  if (byte < 0xF0) return {3, 0x80, 0xBF, true};
  if (byte == 0xF0) return {4, 0x90, 0xBF, true};
  if (byte < 0xF4) return {4, 0x80, 0xBF, true};
  if (byte == 0xF4) return {4, 0x80, 0x8F, true};
  return {};
}

constexpr bool is_continuation(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/** Where the character before `position` begins. */
std::size_t previous(std::string_view text, std::size_t position) noexcept {
  do {
    --position;
  } while (position > 0 && is_continuation(text[position]));
  return position;
}

template <typename Predicate>
std::size_t leading(std::string_view text, Predicate matches) noexcept {
  std::size_t position = 0;
  while (position < text.size()) {
    const Character character = character_at(text, position);
    if (!matches(character.value)) break;
    position += character.length;
  }
  return position;
}

template <typename Predicate>
std::size_t trailing(std::string_view text, Predicate matches) noexcept {
  std::size_t position = text.size();
  while (position > 0) {
    const std::size_t start = previous(text, position);
    if (!matches(character_at(text, start).value)) break;
    position = start;
  }
  return text.size() - position;
}

bool is_python_space(char32_t character) noexcept {
  return is_white_space(character) || (character >= 0x1C && character <= 0x1F);
}

/** Symbols that Unicode counts as alphabetic: circled and squared Latin letters. */
bool is_letter_symbol(char32_t character) noexcept {
  return (character >= 0x24B6 && character <= 0x24E9) || (character >= 0x1F130 && character <= 0x1F149) ||
         (character >= 0x1F150 && character <= 0x1F169) || (character >= 0x1F170 && character <= 0x1F189);
}

}  // namespace

Character character_at(std::string_view text, std::size_t position) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const std::size_t available = text.size() - position;
  const Lead lead = lead_of(byte(0));
  if (!lead.valid) return {0xFFFD, 1, false};
  if (lead.length == 1) return {byte(0), 1, true};
  if (available < 2 || byte(1) < lead.second_smallest || byte(1) > lead.second_largest) return {0xFFFD, 1, false};
  char32_t value = static_cast<char32_t>(byte(0) & (0xFF >> (lead.length + 1))) << 6 | (byte(1) & 0x3F);
  for (std::size_t i = 2; i < lead.length; ++i) {
    if (available <= i || (byte(i) & 0xC0) != 0x80) return {0xFFFD, i, false};
    value = value << 6 | (byte(i) & 0x3F);
  }
  return {value, lead.length, true};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t position = 0; position < text.size();) {
    const Character character = character_at(text, position);
    if (!character.valid) return position;
    position += character.length;
  }
  return std::nullopt;
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t position = 0; position < bytes.size();) {
    const Character character = character_at(bytes, position);
    text += character.valid ? bytes.substr(position, character.length) : kReplacement;
    position += character.length;
  }
  return text;
}

std::string to_utf8(char32_t character) {
  char bytes[6];
  return std::string(bytes, static_cast<std::size_t>(g_unichar_to_utf8(character, bytes)));
}

bool is_white_space(char32_t character) noexcept {
  return (character >= 0x09 && character <= 0x0D) || character == 0x20 || character == 0x85 || character == 0xA0 ||
         character == 0x1680 || (character >= 0x2000 && character <= 0x200A) || character == 0x2028 ||
         character == 0x2029 || character == 0x202F || character == 0x205F || character == 0x3000;
}

bool is_word_character(char32_t character) noexcept {
  constexpr char32_t kNonJoiner = 0x200C;
  constexpr char32_t kJoiner = 0x200D;
  switch (g_unichar_type(character)) {
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_CONNECT_PUNCTUATION:
      return true;
    default:
      return character == kNonJoiner || character == kJoiner || is_letter_symbol(character);
  }
}

std::size_t leading_white_space(std::string_view text) noexcept { return leading(text, is_white_space); }

std::size_t trailing_white_space(std::string_view text) noexcept { return trailing(text, is_white_space); }

std::string_view trimmed(std::string_view text) noexcept {
  text.remove_prefix(leading(text, is_python_space));
  text.remove_suffix(trailing(text, is_python_space));
  return text;
}

}  // namespace gvl::text
