/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "support/testing.hpp"
#include "timeline/shot_divider.hpp"

using gvl::timeline::ShotDivider;

namespace {

/** Lengths of the segments that `count` candidates become, of which those in `cuts` begin shots. */
std::vector<std::int64_t> lengths(ShotDivider divider, std::int64_t count, const std::vector<std::int64_t>& cuts) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < count; ++i) {
    divider.add(std::find(cuts.begin(), cuts.end(), i) != cuts.end());
    while (const auto length = divider.next()) lengths.push_back(length);
  }
  while (const auto length = divider.rest()) lengths.push_back(length);
  return lengths;
}

void check_lengths(const std::vector<std::int64_t>& got, const std::vector<std::int64_t>& expected, const char* what) {
  std::string text;
  for (const auto length : got) text.append(" ").append(std::to_string(length));
  ck_assert_msg(got == expected, "%s:%s", what, text.c_str());
}

}  // namespace

GVL_TEST(segments_end_at_the_nearest_cut) {
  const ShotDivider endless(10, 0);
  check_lengths(lengths(endless, 40, {}), {10, 10, 10, 10}, "no cut");
  check_lengths(lengths(endless, 40, {8}), {8, 10, 10, 12}, "one before");
  check_lengths(lengths(endless, 40, {13}), {13, 10, 10, 7}, "one behind");
  check_lengths(lengths(endless, 40, {7, 12}), {12, 10, 10, 8}, "the nearer one, behind");
  check_lengths(lengths(endless, 40, {9, 12}), {9, 10, 10, 11}, "the nearer one, before");
  check_lengths(lengths(endless, 40, {4, 16, 24}), {10, 6, 8, 10, 6}, "too near and too far");
  check_lengths(lengths(endless, 40, {5}), {5, 10, 10, 15}, "half");
  check_lengths(lengths(endless, 0, {}), {}, "nothing");
}

GVL_TEST(a_number_of_segments_is_kept) {
  const ShotDivider four(10, 4);
  check_lengths(lengths(four, 40, {}), {10, 10, 10, 10}, "no cut");
  check_lengths(lengths(four, 40, {5}), {5, 12, 12, 11}, "what is left is shared");
  check_lengths(lengths(four, 40, {5, 11, 18, 35}), {11, 7, 11, 11}, "many");
  check_lengths(lengths(four, 37, {}), {10, 10, 10, 7}, "an end that comes early");
  check_lengths(lengths(four, 55, {}), {10, 10, 10, 10, 15}, "and one that comes late");
}

GVL_TEST(no_candidate_is_lost) {
  gvl::test::Random random;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<std::int64_t> cuts;
    for (std::int64_t i = 0; i < 120; ++i) {
      if (random.below(16) == 0) cuts.push_back(i);
    }
    const std::int64_t segments = trial % 2 ? 12 : 0;
    const auto got = lengths({10, segments}, 120, cuts);
    std::int64_t sum = 0;
    for (const auto length : got) sum += length;
    ck_assert_int_eq(sum, 120);
    if (segments) ck_assert_int_eq(got.size(), segments);
  }
}
