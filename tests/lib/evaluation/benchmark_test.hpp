/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation_test.hpp"
#include "io/json.hpp"

namespace gvl::evaluation::test {

using gvl::test::fixture;
using io::JsonValue;
using io::test::loads_or_throws;
using io::test::mutate;
using io::test::read_file;
using io::test::TemporaryFolder;
using io::test::write_file;

/** How close a number has to be to what a published scorer gives. */
inline constexpr double kRelative = 1e-9;

inline void expect_relative(const std::string& label, double found, double expected, double tolerance = kRelative) {
  const bool is_same = found == expected || std::abs(found - expected) <= tolerance * std::abs(expected);
  ck_assert_msg(is_same, "%s: found %.17g, expected %.17g", label.c_str(), found, expected);
}

/** A number of a published scorer, which its place in the file names. */
inline void expect_number(const JsonValue& expected, double found) {
  expect_relative(expected.path(), found, expected.as_number());
}

inline double score_of(const ScoreReport& report, const std::string& name) {
  for (const Score& score : report.scores) {
    if (score.name == name) return score.value;
  }
  ck_abort_msg("%s, %s: there is no score %s", report.benchmark.c_str(), report.rules.c_str(), name.c_str());
  return kNaN;
}

inline void expect_score(const ScoreReport& report, const std::string& name, double expected) {
  expect_relative(report.rules + ", " + name, score_of(report, name), expected);
}

/** Each name of a table stands for its own value, and no other name for any. */
template <typename Value, std::size_t kCount>
void expect_names(const NameTable<Value, kCount>& table) {
  for (const Named<Value>& row : table) {
    expect_text(name_of(table, row.value), std::string(row.name));
    ck_assert_msg(value_named(table, row.name) == row.value, "%s", std::string(row.name).c_str());
  }
  expect_error("another name", ErrorCode::kInvalidArgument, names_in(table), [&] { value_named(table, "?"); });
}

/** `run` refuses `file` as malformed, in words that name it and have all of `parts`. */
inline void expect_malformed(const std::string& file, std::vector<std::string> parts,
                             const std::function<void()>& run) {
  parts.push_back(file);
  expect_error(file, ErrorCode::kMalformed, parts, run);
}

}  // namespace gvl::evaluation::test
