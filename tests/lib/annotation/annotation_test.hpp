/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "../io/io_test.hpp"
#include "annotation/annotation.hpp"

namespace gvl::annotation::test {

using gvl::test::TemporaryFolder;
using gvl::test::write_file;
using io::test::expect_error;
using io::test::expect_text;

/** "reason: what" of all that is rejected, in order. */
inline std::vector<std::string> told(const std::vector<Rejection>& rejected) {
  std::vector<std::string> texts;
  for (const Rejection& rejection : rejected) texts.push_back(rejection.video + ": " + rejection.reason);
  return texts;
}

inline void expect_texts(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  std::string a, b;
  for (const std::string& text : found) a += text + "\n";
  for (const std::string& text : expected) b += text + "\n";
  expect_text(a, b);
}

}  // namespace gvl::annotation::test
