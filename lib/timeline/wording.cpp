/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/wording.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace gvl::timeline {
namespace {

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

std::string in_seconds(Time time, int decimals) {
  std::array<char, 64> text;
  const auto result =
      std::to_chars(text.data(), text.data() + text.size(), to_seconds(time), std::chars_format::fixed, decimals);
  return {text.data(), result.ptr};
}

std::string exactly_in_seconds(Time time) {
  std::array<char, 64> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), to_seconds(time), std::chars_format::fixed);
  return {text.data(), result.ptr};
}

std::string in_a_sentence(Time start, Time stop) {
  return "From " + in_seconds(start, 2) + " seconds to " + in_seconds(stop, 2) + " seconds.";
}

std::string since(Time start) { return "Since " + in_seconds(start, 2) + " seconds."; }

std::string on_a_clock(Time time, const ClockStyle& style) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const auto seconds = milliseconds / 1000;
  return padded(seconds / 3600, static_cast<std::size_t>(style.hour_digits)) + style.separator +
         padded(seconds / 60 % 60, 2) + style.separator + padded(seconds % 60, 2) + "." +
         padded(milliseconds % 1000, 3);
}

}  // namespace gvl::timeline
