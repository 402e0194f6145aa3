/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace gvl::scenes {

/**
 * Random numbers that are the same on every machine, unlike the standard library's distributions: SplitMix64 (Steele,
 * Lea, Flood 2014).
 */
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  /** A generator of its own for part `index`: what one part draws does not move the others. */
  Random fork(std::uint64_t index) const noexcept {
    Random child(state_ ^ (0xD1B54A32D192ED03ULL * (index + 1)));
    child.next();
    return child;
  }

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /** In [0, 1). */
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
  /** In low ... high, both included. */
  std::int64_t integer(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(uniform() * static_cast<double>(high - low + 1));
  }
  bool chance(double probability) noexcept { return uniform() < probability; }

  /** One of a container's elements, which must not be empty. */
  template <typename Container>
  const auto& pick(const Container& container) noexcept {
    return *std::next(std::begin(container), integer(0, static_cast<std::int64_t>(std::size(container)) - 1));
  }

  template <typename Container>
  void shuffle(Container& container) noexcept {
    for (auto i = static_cast<std::int64_t>(std::size(container)) - 1; i > 0; --i) {
      std::swap(container[static_cast<std::size_t>(i)], container[static_cast<std::size_t>(integer(0, i))]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace gvl::scenes
