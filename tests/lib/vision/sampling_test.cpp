/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/sampling.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "../io/io_test.hpp"
#include "io/json.hpp"

using namespace gvl;
using gvl::test::fixture_folders;
using io::test::expect_error;

namespace {

void expect_indices(const io::JsonValue& expected, const std::vector<std::int64_t>& found) {
  std::vector<std::int64_t> values;
  for (const io::JsonValue& value : expected.elements()) values.push_back(value.as_integer());
  ck_assert_msg(found == values, "%s", expected.path().c_str());
}

}  // namespace

GVL_TEST(samples_as_the_reference) {
  for (const auto& folder : fixture_folders()) {
    const io::JsonValue expected = io::JsonValue::load(folder / "expected.json");
    for (const io::JsonValue& known : expected.array("frame_sampling").elements()) {
      expect_indices(known.array("indices"),
                     sample_indices(known.integer("num_frames"), known.integer("num_video_frames")));
    }
    const io::JsonValue frames = expected.array("frame_indices");
    expect_indices(frames,
                   sample_indices(static_cast<std::int64_t>(frames.size()), expected.integer("num_video_frames")));
  }
}

/** Whatever the numbers: as many as asked for, within the video, in order. */
GVL_TEST(indices_ascend_within_the_video) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> totals{kMost, kMost - 1, kMost / 2, std::int64_t{1} << 62, (std::int64_t{1} << 53) + 1};
  for (std::int64_t total = 1; total <= 700; ++total) totals.push_back(total);
  for (const std::int64_t total : totals) {
    for (const std::int64_t samples : {1, 2, 3, 7, 8, 95, 96, 97, 500}) {
      const auto indices = sample_indices(samples, total);
      ck_assert_int_eq(indices.size(), samples);
      ck_assert_msg(std::is_sorted(indices.begin(), indices.end()) && indices.front() >= 0 && indices.back() < total,
                    "%ld of %ld", long(samples), long(total));
    }
  }
  ck_assert_int_eq(sample_indices(1, kMost)[0], kMost / 2);
  ck_assert_int_eq(sample_indices(3, 1)[2], 0);
}

GVL_TEST(refuses_numbers_that_are_not_positive) {
  for (const auto& [samples, total] : {std::pair<std::int64_t, std::int64_t>{0, 5}, {-1, 5}, {5, 0}, {5, -3}}) {
    expect_error("numbers", ErrorCode::kInvalidArgument, {std::to_string(samples), std::to_string(total)},
                 [samples = samples, total = total] { sample_indices(samples, total); });
  }
}

GVL_TEST(keyframes) {
  ck_assert_int_eq(keyframe_of(8), 4);
  ck_assert_int_eq(keyframe_of(5), 2);
  ck_assert_int_eq(keyframe_of(1), 0);
  // Several: the same of equal shares.
  for (const std::int64_t keyframes : {1, 2, 4, 8}) {
    std::int64_t seen = 0;
    for (std::int64_t i = 0; i < 8; ++i) {
      if (!is_keyframe(i, 8, keyframes)) continue;
      ck_assert_int_eq(keyframe_of(8, keyframes, seen), i);
      ++seen;
    }
    ck_assert_int_eq(seen, keyframes);
  }
  ck_assert_int_eq(keyframe_of(8, 4, 0), 1);
  ck_assert_int_eq(keyframe_of(8, 4, 3), 7);
}
