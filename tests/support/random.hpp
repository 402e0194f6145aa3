/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace gvl::test {

/** A small deterministic generator, the same numbers on every machine (xorshift64*). */
class Random {
 public:
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DU;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((next() >> 16) % limit); }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15U;
};

/** What small models and videos of noise are filled with, from a seed: results depend on these very numbers. */
using NoiseGenerator = std::linear_congruential_engine<std::uint32_t, 1664525, 1013904223, 0>;

}  // namespace gvl::test
