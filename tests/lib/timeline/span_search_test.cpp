/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/span_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gvl/error.hpp"
#include "support/testing.hpp"

using gvl::SpanSearchConfig;
using gvl::timeline::find_spans;
using gvl::timeline::FoundSpan;
using gvl::timeline::WindowSimilarities;

namespace {

constexpr double kScale = 100;
constexpr int kWindows = 100;
// What gvl-convert writes as min_confidence.
constexpr double kThreshold = 0.5;

using Curve = std::vector<double>;

/** Noise of deviation 1; `correlation`: of neighbours. */
Curve noise(std::mt19937_64& random, std::size_t samples, double correlation = 0) {
  std::normal_distribution<double> normal;
  Curve curve;
  const double fresh = std::sqrt(1 - correlation * correlation);
  for (std::size_t i = 0; i < samples; ++i) {
    const double before = curve.empty() ? normal(random) : curve.back();
    curve.push_back(correlation * before + fresh * normal(random));
  }
  return curve;
}

void raise(Curve& curve, std::size_t first, std::size_t samples, double by) {
  for (std::size_t i = first; i < first + samples; ++i) curve[i] += by;
}

double iou(const FoundSpan& found, std::size_t first, std::size_t samples) {
  const auto last = first + samples - 1;
  const auto shared =
      static_cast<double>(std::min(found.last, last)) - static_cast<double>(std::max(found.first, first)) + 1;
  const auto both =
      static_cast<double>(std::max(found.last, last)) - static_cast<double>(std::min(found.first, first)) + 1;
  return std::max(shared, 0.0) / both;
}

/** Windows of noise with one planted span each. */
class Planted {
 public:
  Planted(std::size_t samples, std::size_t length, double height)
      : random_(samples + length), samples_(samples), length_(length), height_(height) {}

  Curve next() {
    Curve curve = noise(random_, samples_);
    first_ = random_() % (samples_ - length_ + 1);
    raise(curve, first_, length_, height_);
    return curve;
  }

  bool is_found(const FoundSpan& span) const { return iou(span, first_, length_) >= 0.9; }

 private:
  std::mt19937_64 random_;
  std::size_t samples_, length_, first_ = 0;
  double height_;
};

/** In how many windows the planted span is reported, and is the only one looked for. */
int recovered(std::size_t samples, std::size_t length, double height) {
  Planted planted(samples, length, height);
  int count = 0;
  for (int window = 0; window < kWindows; ++window) {
    const auto found = find_spans({planted.next(), {}}, {}, kScale, 1);
    if (found.size() == 1 && found[0].confidence >= kThreshold && planted.is_found(found[0])) ++count;
  }
  return count;
}

/** The same by maximum likelihood of one who knows the noise, and that the signal is 0 or 1: nobody can do better. */
int recovered_by_likelihood(std::size_t samples, std::size_t length) {
  Planted planted(samples, length, 1);
  int count = 0;
  for (int window = 0; window < kWindows; ++window) {
    const Curve curve = planted.next();
    FoundSpan best;
    double highest = 0, sum = 0;
    for (std::size_t first = 0, i = 0; i < samples; ++i) {
      if (sum <= 0) first = i, sum = 0;
      sum += curve[i] - 0.5;
      if (sum > highest) highest = sum, best = {first, i, 0};
    }
    if (planted.is_found(best)) ++count;
  }
  return count;
}

/** In how many windows of noise nothing is reported. */
int silent(std::size_t samples, double correlation, std::size_t generic = 0) {
  std::mt19937_64 random(samples);
  int count = 0;
  for (int window = 0; window < kWindows; ++window) {
    WindowSimilarities similarities{noise(random, samples, correlation), {}};
    for (std::size_t i = 0; i < generic; ++i) similarities.generic.push_back(noise(random, samples, correlation));
    // So small a scale that the match counts for nothing: what is looked at is the noise.
    const auto found = find_spans(similarities, {}, 1e-9, 5);
    const auto is_reported = [&](const FoundSpan& span) {
      return span.confidence >= (generic > 0 ? kThreshold / 2 : kThreshold);
    };
    if (std::none_of(found.begin(), found.end(), is_reported)) ++count;
  }
  return count;
}

void expect_at_least(int wanted, int found, const char* what) {
  ck_assert_msg(found >= wanted, "%s: %d of %d, at least %d are expected", what, found, kWindows, wanted);
}

/** Rows of 0 with a plateau. */
Curve plateau(std::size_t samples, std::size_t first, std::size_t length, double height) {
  Curve curve(samples);
  raise(curve, first, length, height);
  return curve;
}

}  // namespace

GVL_TEST(planted_spans_are_found_in_as_much_noise_as_signal) {
  expect_at_least(95, recovered(480, 240, 1), "half of four minutes");
  expect_at_least(80, recovered(480, 120, 1), "a quarter of four minutes");
  // The default window, a minute at two samples a second.
  expect_at_least(95, recovered(120, 60, 2), "half of a minute, twice the noise");
  expect_at_least(90, recovered(120, 30, 3), "a quarter of a minute, three times the noise");
}

GVL_TEST(nobody_finds_them_much_better) {
  for (const auto& [samples, length] : {std::pair<std::size_t, std::size_t>{120, 60}, {240, 120}, {480, 120}}) {
    const int best = recovered_by_likelihood(samples, length);
    expect_at_least(best - 15, recovered(samples, length, 1), "as likelihood");
  }
}

GVL_TEST(nothing_is_found_in_noise) {
  for (const std::size_t samples : {60, 120, 240, 480}) expect_at_least(95, silent(samples, 0), "independent samples");
  expect_at_least(95, silent(120, 0.5), "samples that are like their neighbours");
  expect_at_least(95, silent(120, 0, 8), "with generic texts");
  expect_at_least(95, silent(120, 0.5, 8), "like their neighbours, with generic texts");
}

GVL_TEST(several_spans_are_found_in_order) {
  std::mt19937_64 random(7);
  for (int window = 0; window < 20; ++window) {
    Curve curve = noise(random, 240);
    for (const std::size_t first : {20, 100, 180}) raise(curve, first, 30, 4);
    const auto found = find_spans({curve, {}}, {}, kScale, 5);
    ck_assert_int_eq(static_cast<int>(found.size()), 3);
    for (std::size_t i = 0; i < 3; ++i) {
      ck_assert(iou(found[i], 20 + 80 * i, 30) >= 0.8);
      ck_assert(found[i].confidence > 0.9);
    }
    ck_assert_int_eq(static_cast<int>(find_spans({curve, {}}, {}, kScale, 1).size()), 1);
  }
}

GVL_TEST(a_span_is_where_the_mean_inside_is_above_that_around) {
  const auto found = find_spans({plateau(12, 3, 4, 0.1), {}}, {.smoothing = 0}, kScale, 3);
  ck_assert_int_eq(static_cast<int>(found.size()), 1);
  ck_assert_int_eq(static_cast<int>(found[0].first), 3);
  ck_assert_int_eq(static_cast<int>(found[0].last), 6);
  ck_assert(found[0].confidence > 0.999);
}

GVL_TEST(things_begin_with_a_rise) {
  // A slow beginning and a sudden end, and the same the other way round.
  Curve curve(40);
  const double slow[] = {0.25, 0.5, 0.75, 1, 1, 1, 1};
  for (std::size_t i = 0; i < 7; ++i) {
    curve[5 + i] = slow[i];
    curve[25 + i] = slow[6 - i];
  }
  const auto first_of = [&](double weight) {
    return find_spans({curve, {}}, {.smoothing = 0, .rise_weight = weight}, kScale, 1).at(0).first;
  };
  ck_assert_int_eq(static_cast<int>(first_of(1)), 25);
  ck_assert(first_of(0) < 12);
}

GVL_TEST(what_raises_every_text_is_not_the_query) {
  std::mt19937_64 random(11);
  for (int window = 0; window < 20; ++window) {
    WindowSimilarities similarities{noise(random, 120), {}};
    for (int i = 0; i < 8; ++i) similarities.generic.push_back(noise(random, 120));
    raise(similarities.query, 40, 30, 5);
    for (Curve& generic : similarities.generic) raise(generic, 40, 30, 5);
    for (const FoundSpan& span : find_spans(similarities, {}, 1e-9, 3)) ck_assert(span.confidence < kThreshold / 2);
    raise(similarities.query, 80, 30, 5);
    const auto found = find_spans(similarities, {}, 1e-9, 1);
    ck_assert(iou(found.at(0), 80, 30) >= 0.9);
    // Without a scale half of the match is the query's.
    ck_assert(found[0].confidence > kThreshold * 0.9);
  }
}

GVL_TEST(a_cut_that_moves_generic_texts_is_more_noise) {
  // Half of them fit the new scene, half the old one; the query as well as any.
  WindowSimilarities similarities{plateau(120, 60, 60, 0.02), {}};
  std::mt19937_64 random(13);
  const auto shaken = [&](Curve curve) {
    const Curve shake = noise(random, curve.size());
    for (std::size_t i = 0; i < curve.size(); ++i) curve[i] += 0.01 * shake[i];
    return curve;
  };
  similarities.query = shaken(similarities.query);
  const double alone = find_spans(similarities, {}, kScale, 1).at(0).confidence;
  for (int i = 0; i < 8; ++i) similarities.generic.push_back(shaken(plateau(120, i % 2 * 60, 60, 0.04)));
  const double beside = find_spans(similarities, {}, kScale, 1).at(0).confidence;
  ck_assert_msg(alone > 0.9 && beside < 0.5, "%f alone, %f beside others", alone, beside);
}

GVL_TEST(what_is_less_like_than_anything_is_absent) {
  WindowSimilarities similarities{plateau(120, 40, 30, 0.05), {}};
  similarities.generic.assign(8, Curve(120, 0.2));
  const double absent = find_spans(similarities, {}, kScale, 1).at(0).confidence;
  for (double& value : similarities.query) value += 0.2;
  const double present = find_spans(similarities, {}, kScale, 1).at(0).confidence;
  ck_assert_msg(absent < 0.01 && present > 0.9, "%f absent, %f present", absent, present);
}

GVL_TEST(what_cannot_be_searched) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ck_assert(find_spans({Curve(120, nan), {}}, {}, kScale, 1).empty());
  ck_assert(find_spans({Curve(120), {Curve(120, nan)}}, {}, kScale, 1).empty());
  ck_assert(find_spans({{1, 2, 3}, {}}, {}, kScale, 1).empty());
  ck_assert(find_spans({Curve(120), {}}, {}, kScale, 0).empty());
  for (const FoundSpan& span : find_spans({Curve(120, 0.3), {Curve(120, 0.2)}}, {}, kScale, 5))
    ck_assert(span.confidence < kThreshold);
  bool refused = false;
  try {
    find_spans({Curve(120), {Curve(119)}}, {}, kScale, 1);
  } catch (const gvl::Error& error) {
    refused = error.code() == gvl::ErrorCode::kInvalidArgument;
  }
  ck_assert(refused);
}
