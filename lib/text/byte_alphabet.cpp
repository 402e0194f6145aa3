/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/byte_alphabet.hpp"

#include <array>

#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr std::size_t kLargest = 0x143;  // 256 and the 68 bytes that are not printable in Latin-1, less one

struct Alphabet {
  std::array<std::string, 256> characters;
  std::array<int, kLargest + 1> bytes;
};

constexpr bool is_printable(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const int character = is_printable(byte) ? byte : next++;
    alphabet.characters[static_cast<std::size_t>(byte)] = to_utf8(static_cast<char32_t>(character));
    alphabet.bytes[static_cast<std::size_t>(character)] = byte;
  }
  return alphabet;
}

const Alphabet& alphabet() {
  static const Alphabet instance = make_alphabet();
  return instance;
}

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) text += alphabet().characters[static_cast<unsigned char>(byte)];
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  for (std::size_t position = 0; position < text.size();) {
    const Character character = character_at(text, position);
    position += character.length;
    if (character.value > kLargest || alphabet().bytes[character.value] < 0) return std::nullopt;
    bytes += static_cast<char>(alphabet().bytes[character.value]);
  }
  return bytes;
}

}  // namespace gvl::text
