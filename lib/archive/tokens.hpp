/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gvl/tensor.hpp"

namespace gvl::archive {

/** What a segment's tokens are stored as: whole numbers, and for each token a float32 that they are multiples of. */
enum class TokenType : std::uint8_t {
  kInt16 = 0,
  kInt8 = 1,
};

/** What is stored where nothing else is asked for: docs/archive.md has what it loses. */
inline constexpr TokenType kDefaultTokenType = TokenType::kInt16;

/** "int16", "int8" */
const char* name_of(TokenType type) noexcept;
std::optional<TokenType> token_type_from_name(std::string_view name) noexcept;

/** How many bytes so many tokens of so many values are. */
std::uint64_t stored_bytes(TokenType type, std::uint64_t rows, std::uint64_t width) noexcept;

/**
 * float32 [rows, width], as Model::fuse() gives them -> what is stored: of each token the scale, then its values. The
 * greatest of a token's values is one of the greatest whole numbers, so that one errs by half a scale at the most.
 * Throws Error(kInvalidArgument) for another type or shape, and for values that are not finite.
 */
std::string encode_tokens(const Tensor& tokens, TokenType type);

/** The tokens, float32 [rows, width], of stored_bytes() bytes. Throws Error(kMalformed) where a scale is not finite. */
Tensor decode_tokens(std::string_view stored, TokenType type, std::int64_t rows, std::int64_t width);

}  // namespace gvl::archive
