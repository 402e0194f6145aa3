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

/** A fifth of the width in a second, all of it outside at first and at last. */
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

GVL_TEST(a_track_moves_from_key_to_key) {
  const Track track{0, "", 1, 9, {{2, at(0.2)}, {6, {0.6, 0.5, 0.3, 0.4}, Ease::kLinear}, {8, at(1.2), Ease::kIn}}};
  const auto is = [&](double time, double x, double width) {
    const TrackedBox box = track.box_at(time);
    ck_assert_msg(std::abs(box.x - x) < 1e-9 && std::abs(box.width - width) < 1e-9, "%.2f: %f, %f", time, box.x,
                  box.width);
  };
  is(0, 0.2, 0.1);
  is(2, 0.2, 0.1);
  is(4, 0.4, 0.2);
  is(6, 0.6, 0.3);
  is(7, 0.6 + 0.6 * eased(Ease::kIn, 0.5), 0.3 - 0.2 * eased(Ease::kIn, 0.5));
  is(20, 1.2, 0.1);
  ck_assert(!track.visible_at(0.99) && track.visible_at(1) && track.visible_at(7));
  ck_assert_msg(!track.visible_at(8.5), "it is beyond the border");
  ck_assert(std::abs(part_in_frame({0, 0.5, 0.2, 0.2}) - 0.5) < 1e-9);
  ck_assert(std::abs(part_in_frame({1, 1, 0.2, 0.2}) - 0.25) < 1e-9);
  ck_assert(part_in_frame({0.5, 0.5, 0, 0.2}) == 0 && part_in_frame({2, 0.5, 0.2, 0.2}) == 0);
}

GVL_TEST(spans_are_sets_of_times) {
  const auto is = [](const Spans& spans, const Spans& wanted) {
    ck_assert_int_eq(spans.size(), wanted.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
      ck_assert(spans[i].start == wanted[i].start && spans[i].stop == wanted[i].stop);
    }
  };
  is(merged({{5, 6}, {1, 2}, {2, 3}, {4, 4}, {5.5, 7}}), {{1, 3}, {5, 7}});
  is(merged({{1, 2}, {2.4, 3}, {3.5, 4}}, 0.5), {{1, 3}, {3.5, 4}});
  is(intersection({{0, 4}, {6, 9}}, {{1, 2}, {3, 7}, {8, 12}}), {{1, 2}, {3, 4}, {6, 7}, {8, 9}});
  is(complement({{1, 2}, {5, 8}}, 0, 7), {{0, 1}, {2, 5}});
  is(complement({}, 0, 7), {{0, 7}});
  const Spans a{{0, 4}, {6, 9}}, b{{3, 7}}, c{{3.5, 6.5}};
  is(covered({&a, &b, &c}, 1), {{0, 9}});
  is(covered({&a, &b, &c}, 2), {{3, 7}});
  is(covered({&a, &b, &c}, 3), {{3.5, 4}, {6, 6.5}});
  is(covered({}, 1), {});
  ck_assert(overlap_ratio({0, 4}, {2, 6}) == 2.0 / 6 && overlap_ratio({0, 1}, {2, 3}) == 0);
}

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

/** From x = 0.2 to 0.8 and back, with rests of 3 s before, between and behind. */
GVL_TEST(movements_and_rests_within_the_picture) {
  Track dog = standing("dog", "black", 0, 17, at(0.2));
  dog.path = {{3, at(0.2)}, {7, at(0.8)}, {10, at(0.8)}, {14, at(0.2)}};
  const WatchedScene scene{1, 17, {dog}};
  expect(scene, about(kMovesRight, "dog"), {{3, 7}}, "right");
  expect(scene, about(kMovesLeft, "dog"), {{10, 14}}, "left");
  expect(scene, about(kStays, "dog"), {{0, 3}, {7, 10}, {14, 17}}, "stays");
  expect(scene, about(kMovesUp, "dog"), Verdict::kAbsent, "up");
  expect(scene, about(kEnters, "dog"), Verdict::kAbsent, "enters");
  expect(scene, about(kAppears, "dog"), Verdict::kAbsent, "appears");
  WatchQuery middle = about(kPresent, "dog");
  middle.place = Place::kMiddle;
  // The middle reaches 0.17 to either side: at 0.15 of the width a second, from 3.87 to 6.13 s, and on the way back.
  expect(scene, middle, Verdict::kArguable, "how far the middle reaches is a matter of taste");
}

GVL_TEST(movements_up_and_down) {
  Track kite = standing("kite", "red", 0, 16, at(0.5, 0.8));
  kite.path = {{2, at(0.5, 0.8)}, {6, at(0.5, 0.2)}, {9, at(0.5, 0.2)}, {13, at(0.52, 0.8)}};
  const WatchedScene scene{1, 16, {kite}};
  expect(scene, about(kMovesUp, "kite"), {{2, 6}}, "up");
  expect(scene, about(kMovesDown, "kite"), {{9, 13}}, "down");
  expect(scene, about(kMovesRight, "kite"), Verdict::kAbsent, "right");
}

GVL_TEST(a_slanting_movement_is_arguable) {
  Track bird = standing("bird", "", 0, 10, at(0.2, 0.8));
  bird.path = {{2, at(0.2, 0.8)}, {6, at(0.6, 0.2)}};
  const WatchedScene scene{1, 10, {bird}};
  expect(scene, about(kMovesRight, "bird"), Verdict::kArguable, "right");
  expect(scene, about(kMovesUp, "bird"), Verdict::kArguable, "up");
  expect(scene, about(kMovesDown, "bird"), Verdict::kAbsent, "down");
}

/** In whatever direction, and not while it rests. */
GVL_TEST(moving_is_any_movement) {
  const Track restless{
      thing("dog"),
      "black",
      0,
      20,
      {{0, at(0.3)}, {4, at(0.3)}, {6, at(0.6)}, {12, at(0.6)}, {14, at(0.6, 0.2)}, {20, at(0.6, 0.2)}}};
  expect({1, 20, {restless}}, about(kMoves, "dog"), {{4, 6}, {12, 14}}, "to the right, then up");
  expect({1, 20, {standing("dog", "black", 0, 20, at(0.5))}}, about(kMoves, "dog"), Verdict::kAbsent, "at rest");
}

/** What no detector sees does not matter, but everything that is named has to be there. */
GVL_TEST(free_words_change_no_answer) {
  const WatchedScene scene{
      1, 30, {standing("person", "blue", 5, 20, at(0.4)), standing("cup", "red", 10, 30, at(0.42))}};
  expect(scene, about(kDoes, "person"), {{5, 20}}, "does");
  WatchQuery uses = about(kUses, "person");
  uses.y = {thing("cup"), -1, ""};
  expect(scene, uses, {{10, 20}}, "uses");
  uses.y = {thing("dog"), -1, ""};
  expect(scene, uses, Verdict::kAbsent, "no dog");
  WatchQuery strange;
  strange.x = {-1, -1, "", "tokamak"};
  for (const WatchKind kind : {kPresent, kDoes, kMoves, kEnters}) {
    strange.kind = kind;
    expect(scene, strange, Verdict::kAbsent, "what no class is");
  }
}

GVL_TEST(coming_closer_is_growing) {
  Track person = standing("person", "", 0, 20, {0.5, 0.5, 0.1, 0.3});
  person.path = {
      {4, {0.5, 0.5, 0.1, 0.3}}, {8, {0.5, 0.5, 0.2, 0.6}}, {12, {0.5, 0.5, 0.2, 0.6}}, {15, {0.5, 0.5, 0.09, 0.27}}};
  const WatchedScene scene{1, 20, {person}};
  expect(scene, about(kComesCloser, "person"), {{4, 8}}, "closer");
  expect(scene, about(kGoesAway, "person"), {{12, 15}}, "away");
  person.path[1].box = person.path[2].box = {0.5, 0.5, 0.12, 0.36};
  expect({1, 20, {person}}, about(kComesCloser, "person"), Verdict::kArguable, "a little closer");
}

GVL_TEST(coming_up_in_the_middle_is_no_entry) {
  const WatchedScene scene{1, 20, {standing("cat", "black", 6, 14, at(0.5))}};
  expect(scene, about(kAppears, "cat"), {{6, 7}}, "appears");
  expect(scene, about(kDisappears, "cat"), {{13, 14}}, "disappears");
  expect(scene, about(kEnters, "cat"), Verdict::kArguable, "enters");
  WatchQuery sided = about(kEnters, "cat");
  sided.side = Side::kLeft;
  expect(scene, sided, Verdict::kAbsent, "from the left");
  WatchQuery placed = about(kAppears, "cat");
  placed.place = Place::kMiddle;
  expect(scene, placed, {{6, 7}}, "in the middle");
  placed.place = Place::kTop;
  expect(scene, placed, Verdict::kArguable, "it is half at the top");
}

GVL_TEST(what_is_cut_off_or_tiny_is_arguable) {
  const WatchedScene half{1, 20, {standing("dog", "", 0, 20, {0, 0.5, 0.2, 0.2})}};
  expect(half, about(kPresent, "dog"), Verdict::kArguable, "half outside");
  const WatchedScene tiny{1, 20, {standing("car", "", 0, 20, {0.5, 0.5, 0.03, 0.03})}};
  expect(tiny, about(kPresent, "car"), Verdict::kArguable, "tiny");
  const WatchedScene late{1, 20, {standing("car", "", 0.3, 20, at(0.5))}};
  expect(late, about(kAppears, "car"), Verdict::kArguable, "so soon");
}

GVL_TEST(colours_must_be_clear) {
  const WatchedScene scene{1, 20, {standing("car", "red", 2, 8, at(0.3)), standing("car", "blue", 11, 18, at(0.3))}};
  expect(scene, about(kPresent, "car", "red"), {{2, 8}}, "red");
  expect(scene, about(kPresent, "car", "orange"), Verdict::kArguable, "orange");
  expect(scene, about(kPresent, "car", "green"), Verdict::kAbsent, "green");
}

GVL_TEST(a_hand_puts_down_and_takes_away) {
  // The hand reaches the bottle at 5 s, rests at it for a second and is away from it at once.
  const TrackedBox away{1.2, 0.5, 0.2, 0.3}, there{0.6, 0.5, 0.2, 0.3};
  Track hand{thing("person"), "", 4, 7, {{4, away}, {5, there}, {6, there}, {7, away}}};
  Track taking{thing("person"), "", 13, 16, {{13, away}, {14, there}, {15, there}, {16, away}}};
  const WatchedScene scene{1, 20, {hand, standing("bottle", "green", 5, 15, at(0.46)), taking}};
  // The two touch (with a little room) while the hand's left edge is at most 0.53: for 0.05 s before and behind.
  expect(scene, about(kPlaced, "bottle"), {{4.95, 6.05}}, "placed");
  expect(scene, about(kTaken, "bottle"), {{13.95, 15.05}}, "taken");
  expect(scene, about(kPlaced, "cup"), Verdict::kArguable, "a bottle may be taken for a cup");
  expect(scene, about(kPlaced, "book"), Verdict::kAbsent, "another thing");
  Track carried = hand, carrying = hand;
  carried.thing = thing("bottle");
  expect({1, 20, {carrying, carried}}, about(kPlaced, "bottle"), Verdict::kArguable, "it is never without the hand");
  const WatchedScene alone{1, 20, {standing("bottle", "green", 5, 15, at(0.46))}};
  expect(alone, about(kPlaced, "bottle"), Verdict::kAbsent, "without a hand");
}

GVL_TEST(a_hand_is_a_person_but_not_the_reverse) {
  Track hand = standing("person", "", 3, 8, at(0.3));
  hand.hand = true;
  WatchQuery query = about(kPresent, "person");
  expect({1, 20, {hand}}, query, {{3, 8}}, "person");
  query.x = {-1, general("hand"), ""};
  expect({1, 20, {hand}}, query, {{3, 8}}, "hand");
  expect({1, 20, {standing("person", "", 3, 8, at(0.3))}}, query, Verdict::kArguable, "a person has hands");
  expect({1, 20, {}}, query, Verdict::kAbsent, "nobody's hand");
}

GVL_TEST(numbers_count_what_is_seen_at_once) {
  const WatchedScene scene{1,
                           20,
                           {standing("sheep", "", 0, 12, at(0.2)), standing("sheep", "", 4, 16, at(0.5)),
                            standing("sheep", "", 8, 20, at(0.8))}};
  WatchQuery query = about(kAtLeast, "sheep");
  query.count = 2;
  expect(scene, query, {{4, 16}}, "at least two");
  query.count = 3;
  expect(scene, query, {{8, 12}}, "at least three");
  query.count = 4;
  expect(scene, query, Verdict::kAbsent, "at least four");
  query.kind = kExactly;
  query.count = 2;
  expect(scene, query, {{4, 8}, {12, 16}}, "two");
  query.count = 1;
  expect(scene, query, {{0, 4}, {16, 20}}, "one");
}

GVL_TEST(nothing_there_is_the_rest) {
  const WatchedScene scene{1, 20, {standing("person", "", 3, 8, at(0.3)), standing("person", "", 12, 14, at(0.6))}};
  expect(scene, about(kNone, "person"), {{0, 3}, {8, 12}, {14, 20}}, "nobody");
  expect(scene, about(kNone, "bus"), {{0, 20}}, "no bus");
  const Track a_fifth_of_it = standing("person", "", 0, 20, {-0.06, 0.5, 0.2, 0.3});
  expect({1, 20, {a_fifth_of_it}}, about(kNone, "person"), Verdict::kArguable, "nobody but an elbow");
  WatchQuery one = about(kExactly, "person");
  one.count = 1;
  expect({1, 20, {a_fifth_of_it, standing("person", "", 0, 20, at(0.5))}}, one, Verdict::kArguable,
         "one, and an elbow");
  const WatchedScene full{1, 20, {standing("person", "", 0, 20, at(0.3))}};
  expect(full, about(kNone, "person"), Verdict::kAbsent, "nobody where somebody always is");
  const WatchedScene empty{1, 20, {}};
  expect(empty, about(kNone, "person"), {{0, 20}}, "nobody in an empty scene");
  expect(empty, about(kPresent, "person"), Verdict::kAbsent, "somebody in an empty scene");
}

GVL_TEST(two_things_together_beside_and_in_order) {
  const WatchedScene scene{
      1,
      30,
      {standing("person", "", 2, 10, {0.3, 0.5, 0.2, 0.5}), standing("dining table", "", 0, 30, {0.45, 0.6, 0.3, 0.3}),
       standing("dog", "", 7, 13, at(0.9)), standing("bus", "", 16, 25, {0.7, 0.3, 0.4, 0.3})}};
  WatchQuery query = about(kTogether, "person");
  query.y = {thing("dog"), -1, ""};
  expect(scene, query, {{7, 10}}, "person and dog");
  query.y = {thing("bus"), -1, ""};
  expect(scene, query, Verdict::kAbsent, "person and bus");
  query.kind = kThen;
  expect(scene, query, {{2, 25}}, "person, then bus");
  query.x.thing = thing("bus");
  query.y.thing = thing("person");
  expect(scene, query, Verdict::kAbsent, "bus, then person");
  query = about(kBeside, "person");
  query.y = {thing("dining table"), -1, ""};
  expect(scene, query, {{2, 10}}, "person at the table");
  query.y = {thing("dog"), -1, ""};
  expect(scene, query, Verdict::kAbsent, "person at the dog");
}

GVL_TEST(short_gaps_are_none) {
  const auto with_gap = [](double gap) {
    return WatchedScene{1, 20, {standing("dog", "", 2, 8, at(0.3)), standing("dog", "", 8 + gap, 15, at(0.3))}};
  };
  expect(with_gap(0.3), about(kPresent, "dog"), {{2, 15}}, "a gap that nobody minds");
  expect(with_gap(0.7), about(kPresent, "dog"), Verdict::kArguable, "a gap that some mind");
  expect(with_gap(1.2), about(kPresent, "dog"), {{2, 8}, {9.2, 15}}, "a gap");
}

GVL_TEST(more_than_twelve_times_are_not_asked_for) {
  WatchedScene scene{1, 60, {}};
  for (int i = 0; i < 13; ++i) scene.tracks.push_back(standing("bird", "", 4 * i + 1, 4 * i + 3, at(0.4)));
  expect(scene, about(kPresent, "bird"), Verdict::kArguable, "thirteen times");
  scene.tracks.pop_back();
  const Watched watched(scene);
  ck_assert_int_eq(judge(watched, about(kPresent, "bird")).spans.size(), 12);
}

GVL_TEST(passing_needs_both_sides) {
  Track there_and_back = crossing("car", 5);
  there_and_back.path = {{5, at(-0.1)}, {8, at(0.6)}, {11, at(-0.1)}};
  const WatchedScene scene{1, 20, {there_and_back}};
  expect(scene, about(kPasses, "car"), Verdict::kAbsent, "it goes back");
  const WatchedScene left{1, 20, {crossing("car", 5, false)}};
  WatchQuery query = about(kPasses, "car");
  query.side = Side::kRight;
  expect(left, query, {{5.4, 10.6}}, "from the right");
  query.side = Side::kLeft;
  expect(left, query, Verdict::kAbsent, "from the left");
  Track halting = crossing("car", 5);
  halting.path = {{5, at(-0.1)}, {8, at(0.5)}, {10, at(0.5)}, {13, at(1.1)}};
  halting.stop = 13;
  expect({1, 20, {halting}}, about(kPasses, "car"), Verdict::kArguable, "it stops on its way");
}
