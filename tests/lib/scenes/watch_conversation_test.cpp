/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watch_conversation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "scenes/watch/asker.hpp"
#include "scenes/watch/compose_watch.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_phrases.hpp"
#include "support/testing.hpp"
#include "text/answer.hpp"

using namespace gvl;
using namespace gvl::scenes;

namespace {

ConversationOptions many() {
  ConversationOptions options;
  options.absent = options.grounding;
  options.multiple_choice = options.open_question = 4;
  return options;
}

template <typename Check>
void for_each_talk(std::uint64_t scenes, const Check& check, bool held_out_phrasings = false) {
  ConversationOptions options = many();
  options.held_out_phrasings = held_out_phrasings;
  for (std::uint64_t seed = 0; seed < scenes; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    for (const Conversation& talk : converse(scene, seed, options)) check(scene, talk);
  }
}

}  // namespace

/** One of several times is told, each of them now and then; nothing else is asked or answered otherwise. */
GVL_TEST(of_several_moments_one_can_be_told) {
  ConversationOptions one = many();
  one.one_moment = true;
  int several = 0, first = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    const auto talks = converse(scene, seed, one), all = converse(scene, seed, many());
    ck_assert_int_eq(talks.size(), all.size());
    for (std::size_t i = 0; i < talks.size(); ++i) {
      ck_assert(talks[i].question == all[i].question && talks[i].moments.size() == all[i].moments.size());
      if (talks[i].task != Task::kGrounding || all[i].moments.size() < 2) {
        ck_assert_str_eq(talks[i].answer.c_str(), all[i].answer.c_str());
        continue;
      }
      // What tells all of them holds it as it is.
      const std::size_t found = all[i].answer.find(talks[i].answer);
      ck_assert_msg(found != std::string::npos && talks[i].answer.size() < all[i].answer.size(), "%s",
                    talks[i].answer.c_str());
      ++several;
      if (found == 0) ++first;
    }
  }
  ck_assert_msg(several > 100 && first > several / 5 && first < several * 3 / 5, "%d of %d", first, several);
}

GVL_TEST(the_same_seed_gives_the_same) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const WatchedScene once = compose_watch(seed, {}), again = compose_watch(seed, {});
    ck_assert(once.duration == again.duration && once.tracks.size() == again.tracks.size());
    const auto talks = converse(once, 5, {}), repeated = converse(again, 5, {});
    ck_assert_int_eq(talks.size(), repeated.size());
    for (std::size_t i = 0; i < talks.size(); ++i) {
      ck_assert(talks[i].question == repeated[i].question && talks[i].answer == repeated[i].answer);
    }
  }
  // Other counts of one form do not move the others.
  ConversationOptions fewer;
  fewer.grounding = 0;
  const WatchedScene scene = compose_watch(1, {});
  ck_assert(converse(scene, 1, fewer).back().question == converse(scene, 1, {}).back().question);
  ck_assert(watched_corpus(1, 500) == watched_corpus(1, 500));
}

GVL_TEST(scenes_are_as_long_as_asked) {
  int usual = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const double duration = compose_watch(seed, {}).duration;
    ck_assert(duration >= 8 && duration <= 120);
    usual += duration >= 20 && duration <= 70;
    WatchOptions few;
    few.shortest = few.longest = 12;
    ck_assert(std::abs(compose_watch(seed, few).duration - 12) < 0.01);
  }
  ck_assert_msg(usual > 650, "%d", usual);
  for (const auto& [shortest, longest] :
       std::vector<std::pair<double, double>>{{0, 10}, {20, 10}, {NAN, 10}, {8, HUGE_VAL}}) {
    WatchOptions wrong;
    wrong.shortest = shortest;
    wrong.longest = longest;
    bool thrown = false;
    try {
      compose_watch(1, wrong);
    } catch (const Error& error) {
      thrown = error.code() == ErrorCode::kInvalidArgument;
    }
    ck_assert(thrown);
  }
}

GVL_TEST(tracks_are_sound) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    for (const Track& track : scene.tracks) {
      ck_assert(track.start >= 0 && track.stop <= scene.duration && track.start < track.stop);
      ck_assert(!track.path.empty());
      ck_assert(std::is_sorted(track.path.begin(), track.path.end(),
                               [](const PathKey& a, const PathKey& b) { return a.time < b.time; }));
      for (const PathKey& key : track.path) {
        ck_assert(key.box.width > 0 && key.box.width <= 1 && key.box.height > 0 && key.box.height <= 1);
      }
      ck_assert(!track.visible_at(track.stop) && !track.visible_at(track.start - 0.01));
      const auto& colours = things()[static_cast<std::size_t>(track.thing)].colours;
      ck_assert(track.colour.empty() || std::find(colours.begin(), colours.end(), track.colour) != colours.end());
    }
  }
}

/** Of several shots each has things of its own, and begins and ends them at once. */
GVL_TEST(scenes_can_be_cut) {
  WatchOptions options;
  options.cuts = 1;
  int together = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const WatchedScene scene = compose_watch(seed, options);
    ck_assert(scene.duration >= 8 && scene.duration <= 120);
    std::map<double, int> ends;
    for (const Track& track : scene.tracks) {
      ck_assert(track.start >= 0 && track.stop <= scene.duration + 0.01 && track.start < track.stop);
      if (track.stop < scene.duration - 0.01) ++ends[track.stop];
    }
    together += std::any_of(ends.begin(), ends.end(), [](const auto& end) { return end.second > 1; });
  }
  ck_assert_msg(together > 200, "%d", together);
}

/** Words that there are not are asked for, and stay out of the corpus that words are learnt from. */
GVL_TEST(invented_words_are_asked_for_where_wanted) {
  const auto typed = [](bool invented) {
    std::set<std::string> words;
    ConversationOptions options = many();
    options.invented_words = invented;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      for (const Conversation& talk : converse(compose_watch(seed, {}), seed, options)) {
        std::istringstream text(talk.query);
        for (std::string word; text >> word;) words.insert(word);
      }
    }
    return words.size();
  };
  const std::size_t with = typed(true), without = typed(false);
  ck_assert_msg(with > without + 300, "%zu, %zu", with, without);
}

GVL_TEST(all_things_words_and_kinds_occur) {
  std::set<int> shown;
  std::map<std::string, int> kinds;
  std::set<std::string> typed;
  int empty = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    empty += scene.tracks.empty();
    for (const Track& track : scene.tracks) shown.insert(track.thing);
    for (const Conversation& talk : converse(scene, seed, many())) {
      ++kinds[talk.kind];
      if (talk.task != Task::kGrounding) continue;
      std::string text = talk.query;
      std::transform(text.begin(), text.end(), text.begin(),
                     [](unsigned char c) { return c == '.' || c == '?' || c == ',' ? ' ' : std::tolower(c); });
      typed.insert(" " + text + " ");
    }
  }
  ck_assert_int_eq(shown.size(), kThings);
  ck_assert_msg(empty > 10, "%d scenes show nothing", empty);
  for (std::size_t i = 0; i < kWatchKinds; ++i) {
    const std::string name(name_of(static_cast<WatchKind>(i)));
    ck_assert_msg(kinds[name] >= 100, "%s: %d", name.c_str(), kinds[name]);
  }
  for (const char* kind :
       {"absent",       "dense-caption", "referring",       "caption",      "choice-which", "choice-thing",
        "choice-does",  "choice-colour", "choice-how-many", "choice-count", "choice-when",  "choice-side",
        "choice-first", "choice-last",   "choice-not",      "yes-no",       "how-many",     "count",
        "colour",       "side",          "what-is-there"}) {
    ck_assert_msg(kinds[kind] >= 50, "%s: %d", kind, kinds[kind]);
  }
  const auto expect_typed = [&](const std::vector<Noun>& nouns) {
    for (const Noun noun : nouns) {
      const std::string word = " " + singular(noun) + " ";
      const bool found = std::any_of(typed.begin(), typed.end(),
                                     [&](const std::string& text) { return text.find(word) != text.npos; });
      ck_assert_msg(found, "nobody types%s", word.c_str());
    }
  };
  for (const Thing& thing : things()) expect_typed(thing.nouns);
  for (const GeneralWord& word : general_words()) expect_typed(word.nouns);
}

/** Present and absent queries in equal numbers, and lists of times among them. */
GVL_TEST(half_of_the_queries_are_absent) {
  int absent = 0, present = 0, several = 0;
  for_each_talk(1000, [&](const WatchedScene&, const Conversation& talk) {
    if (talk.task != Task::kGrounding) return;
    ck_assert((talk.kind == "absent") == talk.moments.empty());
    ++(talk.moments.empty() ? absent : present);
    several += talk.moments.size() > 1;
  });
  ck_assert_msg(std::abs(absent - present) < (absent + present) / 50, "%d, %d", absent, present);
  ck_assert_msg(several > present / 5, "%d of %d", several, present);
}

/** Times in hundredths of a second, as if there were a temporal token for each. */
GVL_TEST(answers_are_read_back_as_they_were_meant) {
  int lists = 0;
  for_each_talk(400, [&](const WatchedScene& scene, const Conversation& talk) {
    if (talk.task != Task::kGrounding && talk.task != Task::kDenseCaption) {
      ck_assert(talk.task == Task::kReferring || talk.answer.find('<') == talk.answer.npos);
      return;
    }
    ck_assert(talk.moments.size() <= 12);
    std::string answer = talk.answer;
    // "<12.34>" is the token 1234 of a video of that many hundredths.
    for (std::size_t at = 0; (at = answer.find('<', at)) != answer.npos; ++at) answer.erase(answer.find('.', at), 1);
    const auto tokens = static_cast<std::int64_t>(std::llround(scene.duration * 100));
    const bool captions = talk.task == Task::kDenseCaption;
    const auto intervals = text::parse_intervals(answer, scene.duration, tokens, captions);
    ck_assert_int_eq(intervals.size(), talk.moments.size());
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      ck_assert(std::abs(intervals[i].start_seconds - talk.moments[i].start) < 0.02);
      ck_assert(std::abs(intervals[i].stop_seconds - talk.moments[i].stop) < 0.02);
      ck_assert(intervals[i].text.empty() != captions);
      lists += i > 0;
      if (!captions && i > 0) ck_assert(talk.moments[i].start > talk.moments[i - 1].stop);
    }
    if (talk.kind == "absent") ck_assert_str_eq(talk.answer.c_str(), "It does not happen in the video.");
  });
  ck_assert(lists > 500);
}

GVL_TEST(what_is_asked_is_never_arguable) {
  int happening = 0, absent = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    const Watched watched(scene);
    Random random(seed);
    Asker asker(watched, random);
    for (int i = 0; i < 8; ++i) {
      if (const auto finding = asker.happening()) {
        ++happening;
        const Spans strict = truth(watched, finding->query, Reading::kStrict);
        const Spans lenient = truth(watched, finding->query, Reading::kLenient);
        ck_assert(!finding->spans.empty());
        ck_assert_int_eq(strict.size(), finding->spans.size());
        ck_assert_int_eq(lenient.size(), finding->spans.size());
      }
      if (const auto query = asker.absent(i % 2)) {
        ++absent;
        for (const Reading reading : {Reading::kStrict, Reading::kUsual, Reading::kLenient, Reading::kWidest}) {
          ck_assert_msg(truth(watched, *query, reading).empty(), "%s", report(*query).c_str());
        }
      }
    }
  }
  ck_assert_msg(happening > 3500 && absent > 3900, "%d, %d", happening, absent);
}

/** Or the words of a query would tell its answer. */
GVL_TEST(each_kind_is_as_often_absent) {
  std::array<int, kWatchKinds> happening{}, absent{};
  int coloured = 0, coloured_absent = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const WatchedScene scene = compose_watch(seed, {});
    const Watched watched(scene);
    Random random(seed);
    Asker asker(watched, random);
    for (int i = 0; i < 8; ++i) {
      if (const auto finding = asker.happening()) {
        ++happening[static_cast<std::size_t>(finding->query.kind)];
        coloured += !finding->query.x.colour.empty();
      }
      if (const auto query = asker.absent(i % 2)) {
        ++absent[static_cast<std::size_t>(query->kind)];
        coloured_absent += !query->x.colour.empty();
      }
    }
  }
  for (std::size_t i = 0; i < kWatchKinds; ++i) {
    // Where something is hardly ever without interruption, its absence cannot be denied.
    const bool denied = static_cast<WatchKind>(i) == WatchKind::kNone;
    const int all = happening[i] + absent[i];
    ck_assert_msg(happening[i] * 3 > all && absent[i] * (denied ? 6 : 3) > all, "%s: %d, %d",
                  std::string(name_of(static_cast<WatchKind>(i))).c_str(), happening[i], absent[i]);
  }
  ck_assert_msg(coloured * 3 > coloured + coloured_absent && coloured_absent * 3 > coloured + coloured_absent, "%d, %d",
                coloured, coloured_absent);
}

GVL_TEST(no_sign_of_a_template_is_left) {
  for (const bool held_out_phrasings : {false, true}) {
    for_each_talk(
        600,
        [](const WatchedScene&, const Conversation& talk) {
          for (const std::string& text : {talk.query, talk.question, talk.answer}) {
            ck_assert_msg(!text.empty() && text.find_first_of("{}[]|#/") == text.npos, "%s", text.c_str());
            for (const char* wrong : {"  ", " .", " ?", " a the ", " the the ", " the a ", " cans ", "caning"}) {
              ck_assert_msg(text.find(wrong) == text.npos, "%s", text.c_str());
            }
          }
          ck_assert(talk.question.starts_with("<image>"));
        },
        held_out_phrasings);
  }
}

GVL_TEST(a_part_of_the_templates_is_held_out) {
  std::size_t held = 0, all = 0;
  for (const WatchPhrases& phrases : watch_phrases()) {
    ck_assert(!phrases.canonical.empty());
    std::size_t of_kind = 0;
    for (std::size_t i = 0; i < phrases.templates.size(); ++i) of_kind += held_out(phrases.kind, i);
    ck_assert(of_kind > 0 && of_kind < phrases.templates.size() / 3);
    held += of_kind;
    all += phrases.templates.size();
  }
  ck_assert_msg(held * 100 > 12 * all && held * 100 < 18 * all, "%zu of %zu", held, all);
}

GVL_TEST(four_options_and_one_is_right) {
  int choices = 0;
  for_each_talk(500, [&](const WatchedScene&, const Conversation& talk) {
    if (talk.options.empty()) return;
    ++choices;
    ck_assert_int_eq(talk.options.size(), 4);
    std::set<std::string> texts;
    for (const Option& option : talk.options) texts.insert(option.text);
    ck_assert_int_eq(texts.size(), 4);
    const Option& right = talk.options[static_cast<std::size_t>(talk.right_option)];
    const char letter = static_cast<char>('A' + talk.right_option);
    ck_assert(talk.answer == std::string("Answer: (") + letter + ") " + right.text);
  });
  ck_assert(choices > 1000);
}

GVL_TEST(yes_is_as_frequent_as_no) {
  int yes = 0, all = 0;
  for_each_talk(1500, [&](const WatchedScene&, const Conversation& talk) {
    if (talk.kind != "yes-no") return;
    ++all;
    yes += talk.answer == "Yes.";
  });
  ck_assert_msg(std::abs(2 * yes - all) < all / 10, "%d of %d", yes, all);
}
