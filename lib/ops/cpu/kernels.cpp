/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Compiled once for every instruction set, with GVL_KERNELS the name of the table that it makes: see kernels.hpp.
#include "ops/cpu/kernels.hpp"

#include "ops/cpu/attend.hpp"
#include "ops/cpu/attend_range.hpp"
#include "ops/cpu/blocks.hpp"
#include "ops/cpu/convolve.hpp"
#include "ops/cpu/depthwise.hpp"
#include "ops/cpu/gemv.hpp"
#include "ops/cpu/pointwise.hpp"
#include "ops/cpu/tile.hpp"

#define GVL_TEXT_OF(name) #name
#define GVL_TEXT(name) GVL_TEXT_OF(name)

namespace gvl::ops::cpu {

extern const Kernels GVL_KERNELS;

const Kernels GVL_KERNELS = {
    .name = GVL_TEXT(GVL_KERNELS),
    .x_strip = kTileRows,
    .w_strip = kTileColumns,
    .pack_left = pack<kTileRows>,
    .pack_right = pack<kTileColumns>,
    .multiply = multiply,
    .gemv = gemv,
    .convolve = convolve,
    .depthwise = depthwise,
    .key_block_size = key_block_size,
    .pack_keys_values = pack_keys_values,
    .attend_scratch = attend_scratch,
    .attend_tile = attend_tile,
    .range_scratch = range_scratch,
    .attend_range = attend_range,
    .merge_ranges = merge_ranges,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .gelu = gelu,
    .quick_gelu = quick_gelu,
    .silu_and_multiply = silu_and_multiply,
    .add_scaled = add_scaled,
    .rotary = rotary,
    .widen = widen,
};

}  // namespace gvl::ops::cpu
