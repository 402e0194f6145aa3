/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <set>
#include <string>

#include "scenes/english.hpp"
#include "scenes/watch/free_words.hpp"
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

void expect_within(const std::set<std::string>& texts, std::initializer_list<const char*> wanted) {
  for (const char* part : wanted) {
    const bool found =
        std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return text.find(part) != text.npos; });
    ck_assert_msg(found, "nobody types: ...%s...", part);
  }
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
  both.kind = kUses;
  is(both, "a cat is at a dog");
  is(query(kDoes, named("cat")), "a cat is in the picture");
  is(query(kMoves, named("cat")), "a cat moves");
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

GVL_TEST(free_words_are_typed) {
  expect_within(phrasings(query(kDoes, named("person"))),
                {"sits down", "dancing", "people", "alone", " in a suit", "young ", "in the snow", "does "});
  expect_within(phrasings(query(kDoes, named("dog"))), {"barks", "is asleep", "dogs", " with a collar", "little "});
  expect_within(phrasings(query(kDoes, named("car"))), {"brakes", "cars on the road", "silver "});
  expect(phrasings(query(kMoves, named("bus"))), {"a bus moves", "a bus drives along", "a moving bus"});
  WatchQuery rides = query(kUses, named("person"));
  rides.y = named("bicycle");
  expect_within(phrasings(rides), {"rides a bi", "a cyclist", "pushes a b", "his bike"});
  rides.y = named("cup");
  const std::set<std::string> drinks = phrasings(rides);
  expect_within(drinks, {"drinks from a", "holds a", "mug"});
  for (const std::string& text : drinks) ck_assert_msg(text.find("yclist") == text.npos, "%s", text.c_str());
}

/** Something beside is named as the query has it, and only in free words. */
GVL_TEST(an_aside_is_named) {
  WatchQuery asked = query(kDoes, named("person"));
  asked.aside = "tokamak";
  expect_within(phrasings(asked), {"opens a tokamak", "holds a tokamak", "near a tokamak"});
  asked.kind = kPresent;
  for (const std::string& text : phrasings(asked)) ck_assert_msg(text.find("tokamak") == text.npos, "%s", text.c_str());
}

/** What is in no class is no word for a class. */
GVL_TEST(strange_nouns_name_no_class) {
  const std::vector<std::string> nouns = all_nouns();
  const std::set<std::string> known(nouns.begin(), nouns.end());
  for (const std::string_view noun : strange_nouns()) {
    ck_assert_msg(!known.count(std::string(noun)), "%s", std::string(noun).c_str());
  }
  Random random(1);
  for (int i = 0; i < 100000; ++i) {
    const std::string word = invented_noun(random);
    ck_assert_msg(!known.count(word) && !known.count(word + "s"), "%s", word.c_str());
  }
}

GVL_TEST(verbs_have_their_forms) {
  const auto is = [](const char* verb, const char* third, const char* doing, const char* did, const char* done) {
    ck_assert_str_eq(third_person(verb).c_str(), third);
    ck_assert_str_eq(gerund(verb).c_str(), doing);
    ck_assert_str_eq(past(verb, false, false).c_str(), did);
    ck_assert_str_eq(past(verb, false, true).c_str(), done);
  };
  is("lie", "lies", "lying", "lay", "lain");
  is("sit", "sits", "sitting", "sat", "sat");
  is("open", "opens", "opening", "opened", "opened");
  is("do", "does", "doing", "did", "done");
  is("overtake", "overtakes", "overtaking", "overtook", "overtaken");
  is("carry", "carries", "carrying", "carried", "carried");
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
