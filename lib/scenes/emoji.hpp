/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string_view>
#include <vector>

#include "scenes/assets.hpp"

namespace gvl::scenes {

/** Whether the asset of this name belongs to the held-out split, on any machine. */
bool is_held_out(std::string_view name, int share) noexcept;

/** The split's emoji from `options.emoji_font`; none where the font is missing or has no colour bitmaps. */
std::vector<Emoji> load_emoji(const AssetOptions& options);

/** The colour that people would name for what is opaque in an RGBA picture, or "" where none dominates. */
std::string dominant_colour(const cv::Mat& rgba);

}  // namespace gvl::scenes
