/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watch_questions.hpp"

#include <algorithm>
#include <array>

#include "scenes/asking.hpp"
#include "scenes/claim.hpp"
#include "scenes/english.hpp"
#include "scenes/watch/naming.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_phrases.hpp"

namespace gvl::scenes {
namespace {

using enum WatchKind;
using MaybeQuiz = std::optional<Quiz>;

constexpr std::size_t kOptions = 4;

bool has(const WatchQuery& query, std::initializer_list<WatchKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), query.kind) != kinds.end();
}

/** Until it works, a few times: what is harder to find must not become the rarer answer. */
template <typename Make>
auto tried(Make make) -> decltype(make()) {
  for (int attempt = 0; attempt < 6; ++attempt) {
    if (auto made = make()) return made;
  }
  return {};
}

bool add_absent(Inquiry& inquiry, Quiz& quiz) {
  for (int attempt = 0; attempt < 12 && quiz.options.size() < kOptions; ++attempt) {
    if (const auto absent = inquiry.asker.absent(inquiry.asker.random().chance(0.5))) {
      add_option(quiz.options, plain(report(*absent)));
    }
  }
  return quiz.options.size() == kOptions;
}

MaybeQuiz which_happens(Inquiry& inquiry) {
  const auto finding = inquiry.asker.happening();
  if (!finding) return std::nullopt;
  Quiz quiz{"choice-which",
            draw_words(Asking::kWhich, inquiry.asker.random()),
            {plain(report(finding->query))},
            {},
            finding->spans};
  return add_absent(inquiry, quiz) ? MaybeQuiz(quiz) : std::nullopt;
}

MaybeQuiz which_does_not(Inquiry& inquiry) {
  const auto absent = inquiry.asker.absent(inquiry.asker.random().chance(0.6));
  if (!absent) return std::nullopt;
  Quiz quiz{"choice-not", draw_words(Asking::kWhichNot, inquiry.asker.random()), {plain(report(*absent))}, {}, {}};
  for (int attempt = 0; attempt < 12 && quiz.options.size() < kOptions; ++attempt) {
    if (const auto finding = inquiry.asker.happening()) add_option(quiz.options, plain(report(finding->query)));
  }
  return quiz.options.size() == kOptions ? MaybeQuiz(quiz) : std::nullopt;
}

/** What of four things can be seen. */
MaybeQuiz which_thing(Inquiry& inquiry) {
  static constexpr std::string_view questions[] = {
      "Which of these can be seen in the video?", "What can be seen in the video?", "Which of these is in the picture?",
      "What is in the picture?", "Which thing is shown in the video?"};
  Random& random = inquiry.asker.random();
  const auto finding = tried([&] { return inquiry.asker.happening(kPresent); });
  if (!finding) return std::nullopt;
  const auto name = [](const Filter& filter) { return plain(one_of(filter, nullptr).text); };
  Quiz quiz{"choice-thing", std::string(random.pick(questions)), {name(finding->query.x)}, {}, finding->spans};
  for (int attempt = 0; attempt < 30 && quiz.options.size() < kOptions; ++attempt) {
    const auto absent = inquiry.asker.absent(random.chance(0.3));
    if (absent && absent->kind == kPresent && absent->place == Place::kAnywhere) {
      add_option(quiz.options, name(absent->x));
    }
  }
  return quiz.options.size() == kOptions ? MaybeQuiz(quiz) : std::nullopt;
}

/** What a thing does, of all that such things do. */
MaybeQuiz what_it_does(Inquiry& inquiry) {
  static constexpr std::array<WatchKind, 9> kinds{kEnters,  kLeaves,    kPasses,      kMovesLeft, kMovesRight,
                                                  kMovesUp, kMovesDown, kComesCloser, kGoesAway};
  Random& random = inquiry.asker.random();
  const auto finding = tried([&] { return inquiry.asker.happening(random.pick(kinds)); });
  if (!finding) return std::nullopt;
  const Filter& x = finding->query.x;
  const bool plural = one_of(x, nullptr).plural;
  Quiz quiz{"choice-does",
            (plural ? "What do the " : "What does the ") + noun_of(x, nullptr) + " do?",
            {plain(report(finding->query))},
            {},
            finding->spans};
  for (int attempt = 0; attempt < 16 && quiz.options.size() < kOptions; ++attempt) {
    WatchQuery other{random.pick(kinds), x};
    if (has(other, {kEnters, kLeaves, kPasses})) other.side = static_cast<Side>(random.integer(1, 4));
    if (judge(inquiry.asker.watched(), other).verdict == Verdict::kAbsent) {
      add_option(quiz.options, plain(report(other)));
    }
  }
  return quiz.options.size() == kOptions ? MaybeQuiz(quiz) : std::nullopt;
}

/** The colour of the only thing of its class. */
MaybeQuiz which_colour(Inquiry& inquiry) {
  static constexpr std::string_view leads[] = {"What colour is the ", "Which colour is the ", "What color is the "};
  Random& random = inquiry.asker.random();
  const Watched& watched = inquiry.asker.watched();
  if (watched.sights.empty()) return std::nullopt;
  const Track& track = random.pick(watched.sights).track();
  const Filter any{track.thing, -1, ""};
  const auto alike = std::count_if(watched.sights.begin(), watched.sights.end(),
                                   [&](const Sight& sight) { return fits(any, sight.track(), Reading::kWidest); });
  const Judgement judgement = judge(watched, {kPresent, any});
  if (alike != 1 || track.colour.empty() || track.thing == kPerson || judgement.verdict != Verdict::kHappens) {
    return std::nullopt;
  }
  Quiz quiz{"colour",
            std::string(random.pick(leads)) + noun_of(any, nullptr) + "?",
            {plain(track.colour)},
            {},
            judgement.spans};
  for (int attempt = 0; attempt < 50 && quiz.options.size() < kOptions; ++attempt) {
    const std::string other(random.pick(kBasicColours));
    if (!colours_close(other, track.colour)) add_option(quiz.options, plain(other));
  }
  return quiz.options.size() == kOptions ? MaybeQuiz(quiz) : std::nullopt;
}

/** How many of a class are seen at the same time at most; none where that is arguable. */
std::optional<int> most_at_once(const Watched& watched, const Filter& filter) {
  WatchQuery query{kAtLeast, filter};
  for (query.count = 1; query.count < 8; ++query.count) {
    const Verdict verdict = judge(watched, query).verdict;
    if (verdict == Verdict::kArguable) return std::nullopt;
    if (verdict == Verdict::kAbsent) return query.count - 1;
  }
  return std::nullopt;
}

void add_numbers(int right, Random& random, Quiz& quiz) {
  const auto name = [](int number) { return plain(number == 0 ? "none" : number_word(number)); };
  quiz.options = {name(right)};
  while (quiz.options.size() < kOptions) {
    add_option(quiz.options, name(static_cast<int>(random.integer(std::max(0, right - 3), right + 3))));
  }
}

MaybeQuiz how_many(Inquiry& inquiry) {
  static constexpr std::string_view tails[] = {" are there at most at the same time?",
                                               " can be seen at the same time at most?",
                                               " are in the picture at once at most?"};
  Random& random = inquiry.asker.random();
  const Watched& watched = inquiry.asker.watched();
  if (watched.sights.empty()) return std::nullopt;
  const Filter filter{random.pick(watched.sights).track().thing, -1, ""};
  const auto most = most_at_once(watched, filter);
  if (!most) return std::nullopt;
  const auto alone = std::count_if(watched.sights.begin(), watched.sights.end(),
                                   [&](const Sight& sight) { return fits(filter, sight.track(), Reading::kWidest); });
  // Where all are there at once, nobody has to say so.
  const std::string tail = alone == *most && random.chance(0.7) ? " are there?" : std::string(random.pick(tails));
  Quiz quiz{"how-many", "How many " + many_of(filter, nullptr) + tail, {}, {}, {}};
  add_numbers(*most, random, quiz);
  return quiz;
}

/** How often something that takes a moment happens. */
MaybeQuiz how_often(Inquiry& inquiry) {
  static constexpr std::array<WatchKind, 5> kinds{kEnters, kLeaves, kPasses, kPlaced, kTaken};
  Random& random = inquiry.asker.random();
  std::optional<Finding> finding;
  if (random.chance(0.2)) {
    const auto absent = inquiry.asker.absent(true);
    if (absent && std::find(kinds.begin(), kinds.end(), absent->kind) != kinds.end()) finding = Finding{*absent, {}};
  } else {
    finding = inquiry.asker.happening(random.pick(kinds));
  }
  if (!finding || finding->spans.size() > kMostCounted) return std::nullopt;
  // Two that come side by side are one time, and two things.
  const WatchQuery two{.kind = kAtLeast, .x = finding->query.x, .count = 2};
  if (judge(inquiry.asker.watched(), two).verdict != Verdict::kAbsent) return std::nullopt;
  const auto clause = describe(finding->query, random, inquiry.split, ClauseForm::kQuestion);
  if (!clause) return std::nullopt;
  const std::size_t count = finding->spans.size();
  Quiz quiz{"count",
            draw_words(Asking::kHowMany, random) + *clause + "?",
            {plain(words_for_count(count))},
            {},
            finding->spans};
  add_counts(quiz.options, count);
  return quiz;
}

MaybeQuiz which_time(Inquiry& inquiry) {
  Random& random = inquiry.asker.random();
  Quiz quiz{"choice-when", "", {}, {}, {}};
  std::optional<std::string> clause;
  if (random.chance(0.25)) {
    const auto absent = inquiry.asker.absent(true);
    if (absent) clause = describe(*absent, random, inquiry.split, ClauseForm::kQuestion);
    quiz.options.push_back(plain(kThirdNames[3]));
  } else {
    const auto finding = inquiry.asker.happening();
    if (!finding || finding->spans.size() != 1) return std::nullopt;
    const auto third = third_of(finding->spans.front(), inquiry.asker.watched().scene.duration);
    if (!third) return std::nullopt;
    clause = describe(finding->query, random, inquiry.split, ClauseForm::kQuestion);
    quiz.options.push_back(plain(kThirdNames[*third]));
    quiz.moments = finding->spans;
  }
  if (!clause) return std::nullopt;
  quiz.question = "When " + *clause + "?";
  for (const std::string_view time : kThirdNames) add_option(quiz.options, plain(time));
  return quiz;
}

MaybeQuiz which_side(Inquiry& inquiry) {
  Random& random = inquiry.asker.random();
  const bool in = random.chance(0.5);
  const auto finding = inquiry.asker.happening(in ? kEnters : kLeaves);
  if (!finding || finding->spans.size() != 1 || finding->query.side == Side::kNone) return std::nullopt;
  WatchQuery any = finding->query;
  any.side = Side::kNone;
  if (judge(inquiry.asker.watched(), any).spans.size() != 1) return std::nullopt;
  const Filter& x = any.x;
  const std::string does = one_of(x, nullptr).plural ? "do the " : "does the ";
  const std::string lead = in ? "From which side " : "On which side ";
  Quiz quiz{"side", lead + does + noun_of(x, nullptr) + (in ? " come in?" : " leave?"), {}, {}, finding->spans};
  quiz.options = {plain(kSideNames[static_cast<std::size_t>(finding->query.side)])};
  for (std::size_t i = 1; i < kSideNames.size(); ++i) add_option(quiz.options, plain(kSideNames[i]));
  return quiz;
}

/** What happens first, or last, where that is clear. */
MaybeQuiz first_or_last(Inquiry& inquiry) {
  Random& random = inquiry.asker.random();
  const auto& deeds = inquiry.story.deeds;
  if (!inquiry.story.sure || deeds.size() < 2) return std::nullopt;
  const bool first = random.chance(0.5);
  const Deed& right = first ? deeds.front() : deeds.back();
  const Deed& next = first ? deeds[1] : deeds[deeds.size() - 2];
  const bool apart = first ? next.time.start >= right.time.stop : right.time.start >= next.time.stop;
  if (!apart || judge(inquiry.asker.watched(), right.query).spans.size() != 1) return std::nullopt;
  Quiz quiz{first ? "choice-first" : "choice-last",
            draw_words(first ? Asking::kFirst : Asking::kLast, random),
            {plain(report(right.query))},
            {},
            {right.time}};
  for (const Deed& deed : deeds) {
    if (&deed != &right && quiz.options.size() < kOptions) add_option(quiz.options, plain(report(deed.query)));
  }
  return add_absent(inquiry, quiz) ? MaybeQuiz(quiz) : std::nullopt;
}

MaybeQuiz yes_or_no(Inquiry& inquiry) {
  Random& random = inquiry.asker.random();
  const bool yes = random.chance(0.5);
  Quiz quiz{"yes-no", "", {plain(yes ? "yes" : "no")}, {}, {}};
  const auto clause = tried([&]() -> std::optional<std::string> {
    WatchQuery query;
    if (yes) {
      const auto finding = inquiry.asker.happening();
      if (!finding) return std::nullopt;
      query = finding->query;
      quiz.moments = finding->spans;
    } else {
      const auto absent = inquiry.asker.absent(random.chance(0.5));
      if (!absent) return std::nullopt;
      query = *absent;
    }
    return describe(query, random, inquiry.split, ClauseForm::kQuestion);
  });
  if (!clause) return std::nullopt;
  const bool says_where = clause->find(" in ") != clause->npos || clause->find(" on ") != clause->npos;
  quiz.question = capitalised(*clause) + (!says_where && random.chance(0.2) ? " in the video?" : "?");
  return quiz;
}

/** What is at a place when the video begins or ends, where just one thing is. */
MaybeQuiz what_is_there(Inquiry& inquiry) {
  Random& random = inquiry.asker.random();
  const Watched& watched = inquiry.asker.watched();
  const bool left = random.chance(0.5);
  const Place place = left ? Place::kLeft : Place::kRight;
  const bool end = random.chance(0.5);
  const double duration = watched.scene.duration;
  const Spans moment{end ? TimeRange{duration - 0.5, duration} : TimeRange{0, 0.5}};
  std::vector<const Sight*> perhaps;
  for (const Sight& sight : watched.sights) {
    if (!intersection(sight.seen_at(place, Reading::kLenient), moment).empty()) perhaps.push_back(&sight);
  }
  if (perhaps.size() != 1) return std::nullopt;
  if (total_length(intersection(perhaps[0]->seen_at(place, Reading::kStrict), moment)) < 0.49) return std::nullopt;
  const std::string question = left ? "What is on the left" : "What is on the right";
  return Quiz{"what-is-there",
              question + (end ? " at the end?" : " at the beginning?"),
              {plain(one_of(filter_of(perhaps[0]->track()), nullptr).text)},
              {},
              moment};
}

using Maker = MaybeQuiz (*)(Inquiry&);

/** Of a form drawn at random; of another one only where it was tried in vain. */
MaybeQuiz draw(Inquiry& inquiry, std::initializer_list<Maker> makers) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const Maker maker = inquiry.asker.random().pick(makers);
    if (auto quiz = tried([&] { return maker(inquiry); })) return quiz;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Quiz> watch_choice(Inquiry& inquiry) {
  return draw(inquiry, {which_happens, which_happens, which_does_not, which_thing, which_thing, what_it_does,
                        what_it_does, which_colour, how_many, how_often, which_time, which_side, first_or_last});
}

std::optional<Quiz> watch_question(Inquiry& inquiry) {
  return draw(inquiry, {yes_or_no, yes_or_no, yes_or_no, how_many, how_often, which_colour, which_side, what_is_there});
}

}  // namespace gvl::scenes
