/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace gvl::training {

/**
 * Cosine functions of a patch, float32 [sum of counts, 3, patch, patch]: so many in brightness and in each of two
 * colour differences, the slow ones in the order (0,0), (0,1), (1,0), (0,2), (1,1), (2,0), ... of half waves down and
 * across, and for the last third some that are spread over all faster ones. Each is scaled so that natural pictures,
 * whose spectrum falls as 1 / frequency, excite them about equally: what is fine is seen from the start.
 */
at::Tensor cosine_basis(const std::array<std::int64_t, 3>& counts, std::int64_t patch);

}  // namespace gvl::training
