/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>

#include "gvl/preprocess.hpp"

namespace gvl::archive {

/** How long a side of a segment's picture is, in pixels. */
inline constexpr std::int64_t kThumbnailSide = 64;

/** The middle of a picture as a small square JPEG. Throws Error. */
std::string thumbnail_of(const RgbView& picture, std::int64_t side = kThumbnailSide);

}  // namespace gvl::archive
