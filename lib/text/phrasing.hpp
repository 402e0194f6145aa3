/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace gvl::text {

/**
 * The ids of `phrasing`, in which `{query}` is replaced by `query` wherever it stands. What the query holds is read as
 * plain characters: no token of a tokenizer's own can be named in it. Throws as Tokenizer::encode().
 */
std::vector<std::int64_t> encode_phrasing(const Tokenizer& tokenizer, std::string_view phrasing,
                                          const std::string& query);

}  // namespace gvl::text
