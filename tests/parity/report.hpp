/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdio>
#include <string>

namespace gvl::parity {

/** The table that gvl-parity prints: a row a stage, and whether all of them were within tolerance. */
class Report {
 public:
  explicit Report(const std::string& title) { std::printf("%s\n", title.c_str()); }

  /** A stage with a largest error; an error that is no number fails. */
  void add(const std::string& stage, double error, double tolerance, const std::string& note = "") {
    const bool ok = error <= tolerance;
    std::printf("  %-34s %10.3g  (at most %.3g)  %s%s%s\n", stage.c_str(), error, tolerance, ok ? "ok" : "FAIL",
                note.empty() ? "" : "  ", note.c_str());
    ok_ = ok_ && ok;
    ++rows_;
  }

  /** A stage that must be equal: `differing` of `total` values are not. */
  void add_equal(const std::string& stage, std::size_t differing, std::size_t total, const std::string& note = "") {
    add(stage, static_cast<double>(differing), 0, "of " + std::to_string(total) + (note.empty() ? "" : ", " + note));
  }

  bool ok() const noexcept { return ok_ && rows_ > 0; }

 private:
  bool ok_ = true;
  int rows_ = 0;
};

}  // namespace gvl::parity
