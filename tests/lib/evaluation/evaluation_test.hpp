/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include "../io/io_test.hpp"

namespace gvl::evaluation::test {

using io::test::expect_error;
using io::test::expect_text;
using io::test::Random;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline void expect_near(const std::string& label, double found, double expected) {
  ck_assert_msg(std::abs(found - expected) < 1e-12, "%s: found %.15g, expected %.15g", label.c_str(), found, expected);
}

}  // namespace gvl::evaluation::test
