/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gvl::training {

inline constexpr std::string_view kEmbeddings = "language_model.model.embed_tokens.weight";
inline constexpr std::string_view kDecoderLayers = "language_model.model.layers.";

/** The parameter `rest` of a decoder layer. */
inline std::string decoder_layer(std::int64_t layer, std::string_view rest) {
  return std::string(kDecoderLayers) + std::to_string(layer) + "." + std::string(rest);
}

}  // namespace gvl::training
