/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/conversation.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "scenes/claim.hpp"
#include "scenes/phrases.hpp"
#include "scenes/speaker.hpp"
#include "support/testing.hpp"

using namespace gvl;
using namespace gvl::scenes;

namespace {

bool is_object(EventKind kind) { return group_of(kind) == EventGroup::kObject; }

/** A scene of up to six events in a row, a few of them of the same kind. */
Scene random_scene(std::uint64_t seed) {
  Random random(seed);
  static constexpr std::string_view colours[] = {"red", "green", "blue", "yellow", "", "purple"};
  static constexpr std::string_view nouns[] = {"cat", "soccer ball", "circle", "star", "umbrella", "pair of scissors"};
  static constexpr std::string_view sizes[] = {"", "small", "large"};
  Scene scene;
  scene.duration = 24;
  if (random.chance(0.5)) scene.places = {"a mountain lake"};
  for (int i = 0; i < 2; ++i) {
    const auto noun = std::string(random.pick(nouns));
    scene.objects.push_back(
        {noun, std::string(random.pick(colours)), std::string(random.pick(sizes)), noun == "circle" || noun == "star"});
  }
  const auto count = random.integer(0, 6);
  for (int i = 0; i < count; ++i) {
    Event event;
    event.kind = static_cast<EventKind>(random.integer(0, static_cast<std::int64_t>(kEventKinds) - 1));
    if (i > 0 && random.chance(0.2)) event.kind = scene.events.back().kind;
    event.start = 4 * i + random.uniform(0.1, 1);
    event.stop = event.start + random.uniform(0.5, 2.5);
    if (is_object(event.kind)) event.object = static_cast<int>(random.integer(0, 1));
    if (event.kind == EventKind::kMeet) event.other = 1 - event.object;
    if (event.kind == EventKind::kEnters || event.kind == EventKind::kLeaves) {
      event.side = static_cast<Side>(random.integer(1, 4));
    }
    scene.events.push_back(event);
  }
  return scene;
}

std::vector<EventKind> all_kinds() {
  std::vector<EventKind> kinds;
  for (std::size_t i = 0; i < kEventKinds; ++i) kinds.push_back(static_cast<EventKind>(i));
  return kinds;
}

std::set<std::string> phrasings(EventKind kind, Split split, ClauseForm form) {
  Random random(3);
  std::set<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    if (const auto phrase = describe(kind, {{"the cat"}, {"the dog"}, Side::kLeft}, random, split, form)) {
      texts.insert(phrase->text);
    }
  }
  return texts;
}

std::vector<double> times_in(const std::string& text) {
  std::vector<double> times;
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos; ++at) {
    if (std::isdigit(static_cast<unsigned char>(text[at + 1]))) times.push_back(std::atof(text.c_str() + at + 1));
  }
  return times;
}

template <typename Check>
void for_each_talk(const Check& check, bool held_out_phrasings = false) {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const Scene scene = random_scene(seed);
    ConversationOptions options;
    options.absent = 4;
    options.open_question = 3;
    options.held_out_phrasings = held_out_phrasings;
    for (const Conversation& talk : converse(scene, seed, options)) check(scene, talk);
  }
}

}  // namespace

GVL_TEST(the_table_is_complete) {
  ck_assert_int_eq(kind_phrases().size(), kEventKinds);
  for (const EventKind kind : all_kinds()) {
    const KindPhrases& phrases = kind_phrases()[static_cast<std::size_t>(kind)];
    ck_assert(phrases.kind == kind);
    ck_assert(phrases.canonical.size() >= 2 && phrases.canonical.size() <= 4);
    const auto all = phrasings(kind, Split::kTraining, ClauseForm::kAny);
    const auto held = phrasings(kind, Split::kHeldOut, ClauseForm::kAny);
    ck_assert_msg(all.size() >= 25, "%s has %zu phrasings", std::string(name_of(kind)).c_str(), all.size());
    ck_assert(!held.empty());
    for (const std::string& text : held) ck_assert_msg(!all.count(text), "in both splits: %s", text.c_str());
    ck_assert(!phrasings(kind, Split::kTraining, ClauseForm::kQuestion).empty());
    for (const EventKind near : all_kinds()) {
      if (near == kind || !near_misses(kind).contains(near)) continue;
      ck_assert_msg(!(confusable(kind, Side::kNone, near, Side::kNone) && !is_object(kind)), "%s, %s",
                    std::string(name_of(kind)).c_str(), std::string(name_of(near)).c_str());
    }
  }
}

GVL_TEST(the_same_arguments_give_the_same_conversations) {
  const Scene scene = random_scene(7);
  const auto once = converse(scene, 5, {}), again = converse(scene, 5, {});
  ck_assert_int_eq(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) {
    ck_assert(once[i].question == again[i].question && once[i].answer == again[i].answer);
  }
  // Other counts of one form do not move the others.
  ConversationOptions fewer;
  fewer.grounding = 0;
  const auto rest = converse(scene, 5, fewer);
  ck_assert(rest.back().answer == once.back().answer && rest.back().question == once.back().question);
}

GVL_TEST(counts_are_kept) {
  std::map<std::string, int> found;
  for_each_talk([&](const Scene&, const Conversation& talk) { ++found[talk.kind]; });
  ck_assert_int_eq(found["dense-caption"], 1500);
  ck_assert_int_eq(found["caption"], 1500);
  ck_assert_msg(found["absent"] > 4000 && found["absent"] <= 6000, "%d", found["absent"]);
  ConversationOptions none{0, 0, 0, 0, 0, 0, 0, false};
  ck_assert(converse(random_scene(3), 1, none).empty());
  for (const EventKind kind : all_kinds()) {
    ck_assert_msg(found[std::string(name_of(kind))] > 30, "%s: %d", std::string(name_of(kind)).c_str(),
                  found[std::string(name_of(kind))]);
  }
}

GVL_TEST(times_are_the_events) {
  for_each_talk([](const Scene&, const Conversation& talk) {
    if (talk.task == Task::kQuestion) {
      ck_assert(times_in(talk.question + talk.answer).empty());
      return;
    }
    const auto times = times_in(talk.task == Task::kReferring ? talk.question : talk.answer);
    ck_assert_int_eq(times.size(), 2 * talk.events.size());
    for (std::size_t i = 0; i < talk.events.size(); ++i) {
      ck_assert(std::abs(times[2 * i] - talk.events[i].start) < 0.0051);
      ck_assert(std::abs(times[2 * i + 1] - talk.events[i].stop) < 0.0051);
    }
  });
}

GVL_TEST(no_placeholder_is_left) {
  for (const bool held_out_phrasings : {false, true}) {
    for_each_talk(
        [](const Scene&, const Conversation& talk) {
          for (const std::string& text : {talk.query, talk.question, talk.answer}) {
            ck_assert_msg(!(text.empty() || text.find_first_of("{}[]|#/") != text.npos), "%s", text.c_str());
            ck_assert_msg(
                !(text.find("  ") != text.npos || text.find(" .") != text.npos || text.find(" ?") != text.npos), "%s",
                text.c_str());
          }
          ck_assert(talk.question.starts_with("<image>"));
        },
        held_out_phrasings);
  }
}

GVL_TEST(the_absent_is_absent) {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const Scene scene = random_scene(seed);
    Random random(seed);
    Speaker speaker(scene, random, Split::kTraining);
    for (int i = 0; i < 6; ++i) {
      const auto saying = speaker.absent(i % 2);
      if (!saying) continue;
      for (const Event& event : scene.events) {
        ck_assert(shown_by(saying->claim, scene, event) == Truth::kNo);
        if (!is_object(saying->claim.kind)) {
          ck_assert(!(event.kind == saying->claim.kind ||
                      confusable(event.kind, event.side, saying->claim.kind, Side::kNone)));
        }
      }
    }
  }
}

GVL_TEST(what_is_arguable_is_not_denied) {
  using enum EventKind;
  ck_assert(confusable(kBlack, Side::kNone, kFadeToBlack, Side::kNone));
  ck_assert(confusable(kMovesLeft, Side::kNone, kEnters, Side::kRight));
  ck_assert(!confusable(kMovesLeft, Side::kNone, kEnters, Side::kLeft));
  ck_assert(confusable(kLeaves, Side::kLeft, kMovesLeft, Side::kNone));
  ck_assert(confusable(kCut, Side::kNone, kOtherScene, Side::kNone));
  ck_assert(!confusable(kPanLeft, Side::kNone, kPanRight, Side::kNone));
  ck_assert(!confusable(kEnters, Side::kLeft, kEnters, Side::kRight));
  for (const EventKind a : all_kinds()) {
    for (const EventKind b : all_kinds()) {
      ck_assert(confusable(a, Side::kNone, b, Side::kNone) == confusable(b, Side::kNone, a, Side::kNone));
    }
  }
}

GVL_TEST(four_options_and_one_is_right) {
  std::map<int, int> places;
  for_each_talk([&](const Scene&, const Conversation& talk) {
    if (talk.options.empty()) return;
    ck_assert_int_eq(talk.options.size(), 4);
    std::set<std::string> texts;
    for (std::size_t i = 0; i < 4; ++i) {
      const Option& option = talk.options[i];
      const std::string line = std::string("\n(") + static_cast<char>('A' + i) + ") " + option.text;
      ck_assert(option.end >= line.size() && talk.question.substr(option.end - line.size(), line.size()) == line);
      ck_assert(option.end == talk.question.size() || talk.question[option.end] == '\n');
      texts.insert(option.text);
    }
    ck_assert_int_eq(texts.size(), 4);
    const auto right = static_cast<std::size_t>(talk.right_option);
    const std::string letter(1, static_cast<char>('A' + talk.right_option));
    ck_assert(talk.answer == "Answer: (" + letter + ") " + talk.options[right].text);
    ++places[talk.right_option];
  });
  int total = 0;
  for (const auto& [place, count] : places) total += count;
  for (int i = 0; i < 4; ++i) ck_assert_msg(std::abs(places[i] - total / 4) < total / 20, "%d of %d", places[i], total);
}

/** Of options that tell events, which happen and when. */
GVL_TEST(options_tell_events) {
  int happening = 0, absent = 0, others = 0;
  for_each_talk([&](const Scene& scene, const Conversation& talk) {
    for (const Option& option : talk.options) {
      if (!option.kind) {
        ck_assert(!option.start);
        ++others;
        continue;
      }
      const auto is_it = [&](const Event& event) {
        return event.kind == *option.kind && event.side == option.side && event.start == option.start;
      };
      const auto count = std::count_if(scene.events.begin(), scene.events.end(), is_it);
      ck_assert_msg((count > 0) == option.start.has_value(), "%s", option.text.c_str());
      ++(option.start ? happening : absent);
    }
    for (const Option& option : talk.options) {
      const auto of_kind = [&](const Event& event) { return event.kind == option.kind; };
      // Only one turns, and all words for a time are about one event.
      if (talk.kind == "choice-direction" && !option.start)
        ck_assert(!std::any_of(scene.events.begin(), scene.events.end(), of_kind));
      if (talk.kind == "choice-when")
        ck_assert(option.start == talk.options[0].start && option.kind == talk.options[0].kind);
      if (talk.kind == "choice-when" && option.start) ck_assert(*option.start == talk.events.at(0).start);
    }
    const bool tells = talk.right_option >= 0 && talk.options[static_cast<std::size_t>(talk.right_option)].kind;
    if (!tells) return;
    const Option& right = talk.options[static_cast<std::size_t>(talk.right_option)];
    const bool none = talk.kind == "choice-not" || right.text == "it does not happen";
    ck_assert_msg(right.start.has_value() == !none, "%s", talk.question.c_str());
  });
  ck_assert_msg(happening > 1000 && absent > 1000 && others > 1000, "%d, %d, %d", happening, absent, others);
}

GVL_TEST(mentions_tell_objects_apart) {
  Scene scene;
  scene.duration = 20;
  scene.objects = {{"cat", "red", "small", false}, {"star", "blue", "large", true}};
  scene.events = {{EventKind::kEnters, 1, 3, 0, -1, Side::kLeft}, {EventKind::kEnters, 5, 7, 1, -1, Side::kLeft}};
  ConversationOptions options;
  int checked = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    for (const Conversation& talk : converse(scene, seed, options)) {
      if (talk.kind != "enters") continue;
      std::string text = " " + talk.query;
      std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
      const auto has = [&](std::initializer_list<const char*> words) {
        return std::any_of(words.begin(), words.end(),
                           [&](const char* word) { return text.find(std::string(" ") + word) != text.npos; });
      };
      const bool first = has({"cat", "red", "small", "little", "tiny"});
      const bool second = has({"star", "blue", "large", "big", "huge"});
      // "shape" alone would be the star's, but emoji have shapes too.
      ck_assert_msg(first != second, "%s", talk.query.c_str());
      ck_assert_msg((talk.events[0].object == 0) == first, "%s", talk.query.c_str());
      ++checked;
    }
  }
  ck_assert(checked > 500);
}

GVL_TEST(most_mentions_need_no_noun) {
  int nouns = 0, all = 0;
  for_each_talk([&](const Scene& scene, const Conversation& talk) {
    if (talk.task != Task::kGrounding || talk.events.empty() || talk.events[0].object < 0) return;
    if (talk.events[0].kind == EventKind::kMeet) return;
    ++all;
    const SceneObject& object = scene.objects[static_cast<std::size_t>(talk.events[0].object)];
    nouns += talk.query.find(object.noun) != talk.query.npos;
  });
  ck_assert_msg(nouns > all / 4 && nouns < all / 2, "%d of %d", nouns, all);
}

GVL_TEST(yes_is_as_frequent_as_no) {
  int yes = 0, all = 0;
  for_each_talk([&](const Scene&, const Conversation& talk) {
    if (talk.kind != "yes-no") return;
    ++all;
    yes += talk.answer == "Yes.";
  });
  ck_assert_msg(std::abs(2 * yes - all) < all / 10, "%d of %d", yes, all);
}

GVL_TEST(a_scene_without_events) {
  Scene scene;
  scene.duration = 10;
  for (const Conversation& talk : converse(scene, 1, {})) {
    if (talk.kind == "dense-caption") ck_assert_str_eq(talk.answer.c_str(), "Nothing happens.");
    if (talk.task == Task::kGrounding) ck_assert_str_eq(talk.kind.c_str(), "absent");
  }
}

GVL_TEST(the_corpus_is_deterministic) {
  const auto texts = corpus(1, 5000);
  ck_assert_int_eq(texts.size(), 5000);
  ck_assert(texts == corpus(1, 5000));
}
