/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

#include "gvl/preprocess.hpp"

namespace gvl::evaluation {

/** Frames a second. */
struct FrameRate {
  int numerator = 0;
  int denominator = 1;

  /** The nearest fraction to a positive rate that is a whole number, or one divided by 1.001, or has three decimals. */
  static FrameRate of(double rate);
};

/** A video to be measured on, whose frames follow one another at a constant rate. For one thread. */
class Video {
 public:
  virtual ~Video() = default;

  virtual FrameRate rate() const = 0;
  /** How many frames it has, at least one. */
  virtual std::int64_t frames() const = 0;
  /** A frame as it is shown. Numbers never go down; the picture is there until the next call. */
  virtual RgbView frame(std::int64_t number) = 0;
};

}  // namespace gvl::evaluation
