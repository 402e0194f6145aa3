/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "gvl/config.hpp"

namespace gvl::language {

/** Which of LongRoPE's two factor lists rescales the frequencies (Ding et al. 2024); kShort for plain RoPE. */
enum class RopeFactors { kShort, kLong };

/** LongRoPE switches when a sequence outgrows the length the model was first trained for. */
RopeFactors rope_factors_for(const LanguageModelConfig& config, std::int64_t length) noexcept;

/** Rotation angles of consecutive positions, float32 [positions, head size / 2] each. */
struct RopeTable {
  at::Tensor cos;
  at::Tensor sin;
};

/**
 * Angles of positions start ... start + count - 1: position * theta^(-2 i / d) / factor_i, in float32 as the published
 * implementation computes them; cos and sin times LongRoPE's attention factor sqrt(1 + ln(max / original) /
 * ln(original)).
 */
RopeTable rope_table(const LanguageModelConfig& config, RopeFactors factors, std::int64_t start, std::int64_t count,
                     c10::Device device);

}  // namespace gvl::language
