/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <string>

#include "scenes/watch/query.hpp"
#include "scenes/watch/things.hpp"
#include "support/testing.hpp"

using namespace gvl;
using namespace gvl::scenes;

namespace {

using enum WatchKind;

int thing(const char* name) {
  for (std::size_t i = 0; i < kThings; ++i) {
    if (things()[i].name == name) return static_cast<int>(i);
  }
  ck_abort_msg("no %s", name);
}

int general(const char* name) {
  for (std::size_t i = 0; i < general_words().size(); ++i) {
    if (general_words()[i].nouns.front() == name) return static_cast<int>(i);
  }
  ck_abort_msg("no word %s", name);
}

WatchQuery about(WatchKind kind, const char* name, std::string colour = "") {
  WatchQuery query;
  query.kind = kind;
  query.x = {thing(name), -1, std::move(colour)};
  return query;
}

/** A small box at a place. */
TrackedBox at(double x, double y = 0.5) { return {x, y, 0.1, 0.2}; }

Track standing(const char* name, const char* colour, double start, double stop, TrackedBox box) {
  return {thing(name), colour, start, stop, {{start, box}}};
}

/** Over the whole width in a second for each fifth of it, all of it outside at first and at last. */
Track crossing(const char* name, double start, bool to_the_right = true) {
  const double from = to_the_right ? -0.1 : 1.1;
  return {thing(name), "red", start, start + 6, {{start, at(from)}, {start + 6, at(1 - from)}}};
}

void expect(const WatchedScene& scene, const WatchQuery& query, const Spans& wanted, const char* what) {
  const Watched watched(scene);
  const Judgement judgement = judge(watched, query);
  ck_assert_msg(judgement.verdict == Verdict::kHappens, "%s: verdict %d", what, static_cast<int>(judgement.verdict));
  ck_assert_msg(judgement.spans.size() == wanted.size(), "%s: %zu times", what, judgement.spans.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const TimeRange& is = judgement.spans[i];
    ck_assert_msg(std::abs(is.start - wanted[i].start) < 0.06 && std::abs(is.stop - wanted[i].stop) < 0.06,
                  "%s: from %.2f to %.2f", what, is.start, is.stop);
  }
}

void expect(const WatchedScene& scene, const WatchQuery& query, Verdict verdict, const char* what) {
  const Watched watched(scene);
  const Verdict is = judge(watched, query).verdict;
  ck_assert_msg(is == verdict, "%s: verdict %d", what, static_cast<int>(is));
}

}  // namespace

GVL_TEST(a_thing_is_present_while_it_is_seen) {
  const WatchedScene scene{1, 20, {standing("dog", "brown", 3, 8.5, at(0.2)), standing("dog", "", 12, 20, at(0.8))}};
  expect(scene, about(kPresent, "dog"), {{3, 8.5}, {12, 20}}, "dog");
  expect(scene, about(kPresent, "bus"), Verdict::kAbsent, "bus");
  expect(scene, about(kPresent, "cat"), Verdict::kArguable, "a dog may be taken for a cat");
  expect(scene, about(kPresent, "dog", "brown"), Verdict::kArguable, "the other's colour is unknown");
  expect(scene, about(kPresent, "dog", "blue"), Verdict::kArguable, "the other's colour is unknown");
  WatchQuery left = about(kPresent, "dog");
  left.place = Place::kLeft;
  expect(scene, left, {{3, 8.5}}, "on the left");
  left.place = Place::kRight;
  expect(scene, left, {{12, 20}}, "on the right");
  WatchQuery animal = about(kPresent, "dog");
  animal.x = {-1, general("animal"), ""};
  expect(scene, animal, {{3, 8.5}, {12, 20}}, "animal");
}

GVL_TEST(what_crosses_enters_passes_moves_and_leaves) {
  const WatchedScene scene{1, 20, {crossing("car", 5)}};
  // 0.05 of its width outside at 5.25 s, 3 % of its area in at 5.27 s, all of it in at 5.75 s.
  expect(scene, about(kEnters, "car"), {{5.25, 6.25}}, "enters");
  expect(scene, about(kLeaves, "car"), {{9.75, 10.75}}, "leaves");
  expect(scene, about(kAppears, "car"), {{5.25, 6.25}}, "appears");
  expect(scene, about(kDisappears, "car"), {{9.75, 10.75}}, "disappears");
  expect(scene, about(kPasses, "car"), {{5.4, 10.6}}, "passes");
  expect(scene, about(kMovesRight, "car"), {{5.4, 10.6}}, "moves right");
  expect(scene, about(kMovesLeft, "car"), Verdict::kAbsent, "moves left");
  WatchQuery sided = about(kEnters, "car");
  sided.side = Side::kLeft;
  expect(scene, sided, {{5.25, 6.25}}, "from the left");
  sided.side = Side::kRight;
  expect(scene, sided, Verdict::kAbsent, "from the right");
}
