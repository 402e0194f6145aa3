/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <set>
#include <string>

#include "scenes/watch/naming.hpp"
#include "scenes/watch/story.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_conversation.hpp"
#include "scenes/watch/watch_phrases.hpp"
#include "support/testing.hpp"

using namespace gvl;
using namespace gvl::scenes;

namespace {

using enum WatchKind;

Filter named(const char* name, const char* colour = "") {
  for (std::size_t i = 0; i < kThings; ++i) {
    if (things()[i].name == name) return {static_cast<int>(i), -1, colour};
  }
  ck_abort_msg("no %s", name);
}

WatchQuery query(WatchKind kind, Filter x, Side side = Side::kNone, Place place = Place::kAnywhere, int count = 0) {
  return {kind, std::move(x), {}, side, place, count};
}

/** All that is typed for a query. */
std::set<std::string> phrasings(const WatchQuery& query, ClauseForm form = ClauseForm::kAny, bool bare = false) {
  std::set<std::string> texts;
  for (const Split split : {Split::kTraining, Split::kHeldOut}) {
    Random random(7);
    for (int i = 0; i < 20000; ++i) {
      if (const auto text = describe(query, random, split, form, bare)) texts.insert(*text);
    }
  }
  return texts;
}

void expect(const std::set<std::string>& texts, std::initializer_list<const char*> wanted) {
  for (const char* text : wanted) ck_assert_msg(texts.count(text), "nobody types: %s", text);
}

}  // namespace

GVL_TEST(reports_are_plain_sentences) {
  const auto is = [](const WatchQuery& query, const char* wanted) {
    const std::string text = report(query);
    ck_assert_str_eq(text.c_str(), wanted);
  };
  is(query(kPresent, named("person")), "a person is in the picture");
  is(query(kPresent, named("umbrella", "red")), "a red umbrella is in the picture");
  is(query(kPresent, named("umbrella")), "an umbrella is in the picture");
  is(query(kPresent, named("scissors")), "scissors are in the picture");
  is(query(kPresent, named("car"), Side::kNone, Place::kLeft), "a car is on the left");
  is(query(kAppears, named("dog")), "a dog appears");
  is(query(kDisappears, named("skis")), "skis disappear");
  is(query(kEnters, named("person", "blue"), Side::kLeft), "a person in blue comes in from the left");
  is(query(kLeaves, named("truck"), Side::kRight), "a truck leaves to the right");
  is(query(kPasses, named("car", "white"), Side::kRight), "a white car passes from right to left");
  is(query(kMovesUp, named("kite")), "a kite moves up");
  is(query(kStays, named("cow")), "a cow stands still");
  is(query(kComesCloser, named("bear")), "a bear comes closer");
  is(query(kGoesAway, named("bear")), "a bear moves away from the camera");
  is(query(kPlaced, named("bottle")), "a hand places a bottle");
  is(query(kTaken, named("apple", "green")), "a hand takes a green apple away");
  is(query(kAtLeast, named("person"), Side::kNone, Place::kAnywhere, 2), "at least two people are in the picture");
  is(query(kExactly, named("knife"), Side::kNone, Place::kAnywhere, 3), "three knives are in the picture");
  is(query(kExactly, named("bus"), Side::kNone, Place::kAnywhere, 1), "only one bus is in the picture");
  is(query(kNone, named("person")), "nobody is in the picture");
  is(query(kNone, named("bus")), "no bus is in the picture");
  WatchQuery both = query(kTogether, named("cat"));
  both.y = named("dog");
  is(both, "a cat and a dog are in the picture");
  both.kind = kThen;
  is(both, "a cat is followed by a dog");
  both.kind = kBeside;
  is(both, "a cat is next to a dog");
}

GVL_TEST(plain_words_are_typed) {
  expect(phrasings(query(kPresent, named("person"))),
         {"a person is in the picture", "people", "person", "a person", "somebody is there", "there is a woman",
          "a man can be seen", "when is there a person?", "you see someone", "the camera shows a child"});
  expect(phrasings(query(kPresent, named("dog"))), {"dog", "a dog", "the dog is in the frame", "dogs"});
  expect(phrasings(query(kPresent, named("car", "red"))), {"a red car", "red car", "a red car is in the picture"});
  expect(phrasings(query(kPasses, named("car"))),
         {"a car drives by", "a car passes", "car driving by", "a car drove by", "when does a car drive by?"});
  expect(phrasings(query(kStays, named("person"))), {"somebody stands there", "a person waits"});
  expect(phrasings(query(kPlaced, named("bottle"))),
         {"a hand places a bottle", "somebody puts a bottle down", "a bottle is put down"});
  expect(phrasings(query(kMovesRight, named("person"))),
         {"someone walks from left to right", "a person moves to the right"});
  expect(phrasings(query(kEnters, named("truck"), Side::kRight)),
         {"a truck enters from the right", "a truck drives in from the right", "truck coming in from the right"});
  expect(phrasings(query(kAppears, named("person"), Side::kNone, Place::kLeft)), {"a person appears on the left"});
  expect(phrasings(query(kNone, named("person"))), {"nobody is there", "no one is there", "there are no people"});
  expect(phrasings(query(kExactly, named("person"), Side::kNone, Place::kAnywhere, 2), ClauseForm::kAny, true),
         {"two people are in the picture", "two people", "exactly two people"});
  expect(phrasings(query(kAtLeast, named("person"), Side::kNone, Place::kAnywhere, 3)),
         {"several people are in the picture", "a group of people", "there are at least three people"});
  WatchQuery at = query(kBeside, named("person"));
  at.y = named("dining table");
  expect(phrasings(at), {"somebody stands at the table", "a person at a table"});
  at.kind = kThen;
  at.y = named("dog");
  expect(phrasings(at), {"first a person, then a dog"});
}

GVL_TEST(questions_have_their_verb_first) {
  for (const std::string& text : phrasings(query(kPasses, named("car")), ClauseForm::kQuestion)) {
    ck_assert_msg(text.starts_with("does ") || text.starts_with("is ") || text.starts_with("can "), "%s", text.c_str());
  }
  expect(phrasings(query(kEnters, named("person"), Side::kLeft), ClauseForm::kQuestion),
         {"does a person enter from the left"});
  expect(phrasings(query(kPresent, named("scissors")), ClauseForm::kQuestion), {"are scissors there"});
}

GVL_TEST(words_name_a_side_where_the_query_does) {
  for (const std::string& text : phrasings(query(kEnters, named("truck"), Side::kRight))) {
    const bool named_side = text.find("right") != text.npos;
    ck_assert_msg(named_side, "%s", text.c_str());
  }
  for (const std::string& text : phrasings(query(kEnters, named("truck")))) {
    ck_assert_msg(text.find("right") == text.npos && text.find("left") == text.npos, "%s", text.c_str());
  }
}

GVL_TEST(nouns_have_their_plurals) {
  const auto is = [](Noun noun, const char* one, const char* many) {
    ck_assert_msg(singular(noun) == one && plural(noun) == many, "%s, %s", singular(noun).c_str(),
                  plural(noun).c_str());
  };
  is("car", "car", "cars");
  is("bus", "bus", "buses");
  is("couch", "couch", "couches");
  is("toothbrush", "toothbrush", "toothbrushes");
  is("puppy", "puppy", "puppies");
  is("toy", "toy", "toys");
  is("person:people", "person", "people");
  is("#scissors", "scissors", "scissors");
}

GVL_TEST(a_story_is_told_in_order) {
  const auto at = [](double x) { return TrackedBox{x, 0.5, 0.1, 0.2}; };
  const int car = named("car").thing, dog = named("dog").thing, bench = named("bench").thing;
  const WatchedScene scene{1,
                           30,
                           {{bench, "brown", 0, 30, {{0, at(0.7)}}},
                            {car, "red", 5, 11, {{5, at(-0.1)}, {11, at(1.1)}}},
                            {dog, "black", 15, 30, {{15, at(1.1)}, {18, at(0.5)}}}}};
  ConversationOptions options{0, 0, 1, 2, 0, 0, 1, false};
  const auto talks = converse(scene, 3, options);
  ck_assert_int_eq(talks.size(), 4);
  ck_assert_str_eq(talks[0].answer.c_str(),
                   "From <5.40> to <10.60>, a red car passes from left to right. "
                   "From <15.25> to <16.25>, a black dog comes in from the right.");
  ck_assert_str_eq(talks[1].answer.c_str(),
                   "A brown bench is in the picture. A red car passes from left to right. "
                   "Then a black dog comes in from the right.");
  for (std::size_t i = 2; i < 4; ++i) {
    const bool of_car = talks[i].question.find("<5.40> to <10.60>") != std::string::npos;
    ck_assert_str_eq(talks[i].answer.c_str(),
                     of_car ? "A red car passes from left to right." : "A black dog comes in from the right.");
  }
  const auto nothing = converse(WatchedScene{1, 20, {}}, 3, options);
  ck_assert_str_eq(nothing.at(0).answer.c_str(), "Nothing happens.");
}
