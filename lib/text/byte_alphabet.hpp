/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gvl::text {

/** Each byte as the printable character that GPT-2's byte-level alphabet has for it. */
std::string to_byte_alphabet(std::string_view bytes);

/** The bytes that characters of the alphabet stand for; none when `text` has another character. */
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace gvl::text
