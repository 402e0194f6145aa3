/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gvl/tensor.hpp"

namespace gvl::archive {

/** What a segment's tokens are stored as: whole numbers, and for each token a float32 that they are multiples of. */
enum class TokenType : std::uint8_t {
  kInt16 = 2,
  kInt10 = 3,
  kInt8 = 4,
};
inline constexpr std::array kTokenTypes{TokenType::kInt16, TokenType::kInt10, TokenType::kInt8};

/** What is stored where nothing else is asked for: docs/archive.md has what it loses. */
inline constexpr TokenType kDefaultTokenType = TokenType::kInt10;

/** "int16", "int10", "int8" */
const char* name_of(TokenType type) noexcept;
std::optional<TokenType> token_type_from_name(std::string_view name) noexcept;

/** How many bytes so many tokens of so many values are before they are compressed. */
std::uint64_t unpacked_bytes(TokenType type, std::uint64_t rows, std::uint64_t width) noexcept;

/**
 * float32 [rows, width], as Model::fuse() gives them -> what is stored, by zlib: the scales of all tokens, then the low
 * bytes of all values, then their high bytes if they have two. The greatest of a token's values is one of the greatest
 * whole numbers, so that one errs by half a scale at the most. Throws Error(kInvalidArgument) for another type or
 * shape, and for values that are not finite.
 */
std::string encode_tokens(const Tensor& tokens, TokenType type);

/**
 * The tokens, float32 [rows, width], of what encode_tokens() gave. Throws Error(kMalformed) where it is damaged: not of
 * unpacked_bytes(), which bounds the memory, or with a scale that is not finite.
 */
Tensor decode_tokens(std::string_view stored, TokenType type, std::int64_t rows, std::int64_t width);

}  // namespace gvl::archive
