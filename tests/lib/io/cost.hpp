/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <malloc.h>

#include <ctime>
#include <fstream>
#include <functional>
#include <string>

#include "io_test.hpp"

namespace gvl::io::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCostsAreReal = false;
#else
inline constexpr bool kCostsAreReal = true;
#endif

/** Bytes of this process in memory: now ("VmRSS") or at most ("VmHWM"). */
inline double resident(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

/**
 * Runs `read`, which may throw Errors, on an input of so many bytes: it may need 64 bytes of memory for each (and 24
 * MiB), and a microsecond of the processor for each (and a second, as machines differ).
 */
inline void expect_cheap(const std::string& label, std::size_t bytes, const std::function<void()>& read) {
  malloc_trim(0);
  const double before = resident("VmRSS");
  std::ofstream("/proc/self/clear_refs") << 5;  // forget the peak
  const std::clock_t start = std::clock();
  std::string said = "nothing";
  try {
    read();
  } catch (const Error& error) {
    said = error.what();
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double used = resident("VmHWM") - before;
  const auto size = static_cast<double>(bytes);
  std::printf("%s: %.2f MB: %.1f MB, %.2f s: %s\n", label.c_str(), size / 1e6, used / 1e6, seconds,
              said.substr(0, 200).c_str());
  if (!kCostsAreReal) return;
  ck_assert_msg(used <= 64 * size + 24 * 1048576, "%s: %.0f bytes took %.0f MB", label.c_str(), size, used / 1e6);
  ck_assert_msg(seconds <= size * 1e-6 + 1, "%s: %.0f bytes took %.1f s", label.c_str(), size, seconds);
}

/** So many times the same text, or what `make(i)` gives. */
inline std::string repeated(std::size_t count, const std::string& text) {
  std::string all;
  all.reserve(count * text.size());
  while (count-- > 0) all += text;
  return all;
}
inline std::string joined(std::size_t count, const std::function<std::string(std::size_t)>& make,
                          const std::string& between = ",") {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) (i > 0 ? all += between : all) += make(i);
  return all;
}

}  // namespace gvl::io::test
