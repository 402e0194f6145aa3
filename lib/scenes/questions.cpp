/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/questions.hpp"
#include "scenes/asking.hpp"
#include "scenes/english.hpp"
#include "scenes/forms.hpp"

#include <algorithm>
#include <array>

#include "scenes/asking.hpp"
#include "scenes/english.hpp"
#include "scenes/forms.hpp"

namespace gvl::scenes {
namespace {

using Options = std::vector<Option>;

bool any_confusable(const Event& a, const Event& b) { return confusable(a.kind, a.side, b.kind, b.side); }

/** A word, in answer to a question, that tells an event; `event` is the one that happens. */
Option word_for(std::string_view text, EventKind kind, Side side, const Event& event) {
  Option option{.text = std::string(text), .kind = kind, .side = side};
  if (kind == event.kind && side == event.side) option.start = event.start;
  return option;
}

Option option_of(const Speaker& speaker, const Event& event) {
  return {.text = speaker.report(event), .kind = event.kind, .side = event.side, .start = event.start};
}

Option option_of(const Speaker& speaker, const Saying& absent) {
  return {.text = speaker.report(absent), .kind = absent.claim.kind, .side = absent.claim.side};
}

/** Fills up to four with what does not happen. */
bool add_absent(Speaker& speaker, Options& options) {
  for (int attempt = 0; attempt < 20 && options.size() < 4; ++attempt) {
    if (const auto saying = speaker.absent(speaker.random().chance(0.5)))
      add_option(options, option_of(speaker, *saying));
  }
  return options.size() == 4;
}

/** Adds up to `most` reports of `events` that nobody could take for the right one. */
void add_others(Speaker& speaker, const Event& right, std::vector<const Event*> events, std::size_t most,
                Options& options) {
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    if (options.size() < most && !any_confusable(*event, right)) add_option(options, option_of(speaker, *event));
  }
}

std::vector<const Event*> events_but(const Scene& scene, const Event* right) {
  std::vector<const Event*> events;
  for (const Event& event : scene.events) {
    if (&event != right) events.push_back(&event);
  }
  return events;
}

/** Whether its report is said of it alone. */
bool only_one(const Speaker& speaker, const Event& event) {
  return speaker.meant(claim_of(speaker.scene(), event), nullptr).size() == 1;
}

std::optional<Quiz> which_happens(Speaker& speaker) {
  const Event& event = speaker.random().pick(speaker.scene().events);
  Quiz quiz{"choice-which", draw_words(Asking::kWhich, speaker.random()), {option_of(speaker, event)}, {event}};
  return add_absent(speaker, quiz.options) ? std::optional(quiz) : std::nullopt;
}

std::optional<Quiz> which_does_not(Speaker& speaker) {
  const auto absent = speaker.absent(speaker.random().chance(0.6));
  if (!absent) return std::nullopt;
  Quiz quiz{"choice-not", draw_words(Asking::kWhichNot, speaker.random()), {option_of(speaker, *absent)}, {}};
  auto events = events_but(speaker.scene(), nullptr);
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    if (quiz.options.size() < 4) add_option(quiz.options, option_of(speaker, *event));
  }
  return quiz.options.size() == 4 ? std::optional(quiz) : std::nullopt;
}

std::optional<Quiz> first_or_last(Speaker& speaker) {
  const auto& events = speaker.scene().events;
  if (events.size() < 2) return std::nullopt;
  const bool ask_first = speaker.random().chance(0.5);
  const Event& right = ask_first ? events.front() : events.back();
  const Event& next = ask_first ? events[1] : events[events.size() - 2];
  // Events that overlap have no clear order.
  const bool apart = ask_first ? next.start >= right.stop : right.start >= next.stop;
  if (!apart || !only_one(speaker, right)) return std::nullopt;
  Quiz quiz{ask_first ? "choice-first" : "choice-last",
            draw_words(ask_first ? Asking::kFirst : Asking::kLast, speaker.random()),
            {option_of(speaker, right)},
            {right}};
  add_others(speaker, right, events_but(speaker.scene(), &right), 4, quiz.options);
  return add_absent(speaker, quiz.options) ? std::optional(quiz) : std::nullopt;
}

std::optional<Quiz> what_after(Speaker& speaker) {
  const auto& events = speaker.scene().events;
  if (events.size() < 2) return std::nullopt;
  const auto place =
      static_cast<std::size_t>(speaker.random().integer(0, static_cast<std::int64_t>(events.size()) - 2));
  const Event& before = events[place];
  const Event& right = events[place + 1];
  if (right.start < before.stop || !only_one(speaker, before) || !only_one(speaker, right)) return std::nullopt;
  if (any_confusable(before, right)) return std::nullopt;
  if (place + 2 < events.size() && events[place + 2].start < right.start + 0.3) return std::nullopt;
  Quiz quiz{"choice-after",
            draw_words(Asking::kAfter, speaker.random()) + speaker.report(before) + "?",
            {option_of(speaker, right)},
            {right}};
  std::vector<const Event*> earlier;
  for (std::size_t i = 0; i < place; ++i) earlier.push_back(&events[i]);
  add_others(speaker, right, earlier, 3, quiz.options);
  return add_absent(speaker, quiz.options) ? std::optional(quiz) : std::nullopt;
}

/** The object that alone enters or leaves, and the question for its side. */
std::optional<Quiz> which_side(Speaker& speaker) {
  const auto& scene = speaker.scene();
  auto events = events_but(scene, nullptr);
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    const bool enters = event->kind == EventKind::kEnters;
    if (!enters && event->kind != EventKind::kLeaves) continue;
    const auto [mention, words] = speaker.mention(scene.objects[static_cast<std::size_t>(event->object)]);
    bool sure = true;
    if (speaker.meant({event->kind, words, {}, Side::kNone}, &sure).size() != 1 || !sure) continue;
    const std::string_view does = mention.plural ? "do " : "does ";
    const std::string verb = enters ? (speaker.random().chance(0.7) ? " enter?" : " come in?")
                                    : (speaker.random().chance(0.7) ? " leave?" : " go out?");
    const std::string lead = enters ? (speaker.random().chance(0.7) ? "From which side " : "From where ")
                                    : (speaker.random().chance(0.7) ? "On which side " : "Through which side ");
    Quiz quiz{"side", lead + std::string(does) + mention.text + verb, {}, {*event}};
    const auto side = [&](std::size_t i) { return word_for(kSideNames[i], event->kind, static_cast<Side>(i), *event); };
    quiz.options.push_back(side(static_cast<std::size_t>(event->side)));
    for (std::size_t i = 1; i < kSideNames.size(); ++i) add_option(quiz.options, side(i));
    return quiz;
  }
  return std::nullopt;
}

std::optional<Quiz> camera_direction(Speaker& speaker) {
  static constexpr std::string_view questions[] = {"Which direction does the camera turn?",
                                                   "Where does the camera turn?", "Which way does the camera move?",
                                                   "In which direction does the camera pan or tilt?"};
  static constexpr std::array<std::string_view, 4> ways{"left", "right", "up", "down"};
  std::vector<const Event*> turns;
  for (const Event& event : speaker.scene().events) {
    if (event.kind >= EventKind::kPanLeft && event.kind <= EventKind::kTiltDown) turns.push_back(&event);
  }
  if (turns.size() != 1) return std::nullopt;
  constexpr auto first = static_cast<std::size_t>(EventKind::kPanLeft);
  const auto way = [&](std::size_t i) {
    return word_for(ways[i], static_cast<EventKind>(first + i), turns[0]->side, *turns[0]);
  };
  Quiz quiz{"direction",
            std::string(speaker.random().pick(questions)),
            {way(static_cast<std::size_t>(turns[0]->kind) - first)},
            {*turns[0]}};
  for (std::size_t i = 0; i < ways.size(); ++i) add_option(quiz.options, way(i));
  return quiz;
}

std::optional<Quiz> which_colour(Speaker& speaker) {
  static constexpr std::string_view leads[] = {"What colour is the object that ",
                                               "What colour does the object have that ",
                                               "Which colour is the object that ", "What color is the object that "};
  auto events = events_but(speaker.scene(), nullptr);
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    if (event->object < 0 || event->other >= 0) continue;
    const std::string colour = speaker.scene().objects[static_cast<std::size_t>(event->object)].colour;
    const Claim generic{event->kind, {}, {}, event->side};
    bool sure = true;
    if (colour.empty() || speaker.meant(generic, &sure).size() != 1 || !sure) continue;
    Quiz quiz{"colour", std::string(speaker.random().pick(leads)), {plain(colour)}, {*event}};
    quiz.question += canonical(event->kind, {{"that"}, {}, event->side}, 0).substr(5) + "?";
    for (int attempt = 0; attempt < 50 && quiz.options.size() < 4; ++attempt) {
      const std::string other = std::string(speaker.random().pick(kBasicColours));
      if (!colours_close(other, colour)) add_option(quiz.options, plain(other));
    }
    return quiz.options.size() == 4 ? std::optional(quiz) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Quiz> how_often(Speaker& speaker) {
  Claim claim;
  if (speaker.random().chance(0.25)) {
    const auto absent = speaker.absent(true);
    if (!absent || group_of(absent->claim.kind) == EventGroup::kObject) return std::nullopt;
    claim = absent->claim;
  } else {
    claim.kind = speaker.random().pick(speaker.scene().events).kind;
    if (group_of(claim.kind) == EventGroup::kObject) return std::nullopt;
  }
  KindSet others;
  for (const Event& event : speaker.scene().events) {
    if (event.kind != claim.kind) others.insert(event.kind);
    if (event.kind != claim.kind && confusable(claim.kind, claim.side, event.kind, event.side)) return std::nullopt;
  }
  const auto clause = describe(claim.kind, {}, speaker.random(), speaker.split(), ClauseForm::kQuestion, others);
  const auto events = speaker.meant(claim, nullptr);
  if (!clause || events.size() > kMostCounted) return std::nullopt;
  Quiz quiz{"count",
            draw_words(Asking::kHowMany, speaker.random()) + clause->text + "?",
            {plain(words_for_count(events.size()))},
            {}};
  for (const Event* event : events) quiz.events.push_back(*event);
  add_counts(quiz.options, events.size());
  return quiz;
}

/** What happens in one third of the video, where just one thing does. */
std::optional<Quiz> which_third(Speaker& speaker) {
  static constexpr std::string_view questions[] = {"What happens at the beginning of the video?",
                                                   "What happens in the middle of the video?",
                                                   "What happens at the end of the video?"};
  const Scene& scene = speaker.scene();
  const auto third = static_cast<std::size_t>(speaker.random().integer(0, 2));
  const double start = scene.duration * static_cast<double>(third) / 3;
  const double stop = start + scene.duration / 3;
  std::vector<const Event*> inside, outside;
  for (const Event& event : scene.events)
    (event.stop > start && event.start < stop ? inside : outside).push_back(&event);
  if (inside.size() != 1 || !only_one(speaker, *inside[0])) return std::nullopt;
  const double middle = (inside[0]->start + inside[0]->stop) / 2;
  if (middle < start || middle > stop) return std::nullopt;
  Quiz quiz{"choice-third", std::string(questions[third]), {option_of(speaker, *inside[0])}, {*inside[0]}};
  add_others(speaker, *inside[0], outside, 4, quiz.options);
  return add_absent(speaker, quiz.options) ? std::optional(quiz) : std::nullopt;
}

/** When something happens, in words; also for what does not. */
std::optional<Quiz> which_time(Speaker& speaker) {
  Quiz quiz{"choice-when", "", {}, {}};
  Option asked;
  if (speaker.random().chance(0.25)) {
    const auto absent = speaker.absent(true);
    const auto clause = absent ? speaker.describe(*absent, ClauseForm::kQuestion) : std::nullopt;
    if (!clause) return std::nullopt;
    quiz.question = "When " + *clause + "?";
    quiz.options.push_back(plain(kThirdNames[3]));
    asked = {.kind = absent->claim.kind, .side = absent->claim.side};
  } else {
    const Event& event = speaker.random().pick(speaker.scene().events);
    const auto clause = speaker.describe(event, ClauseForm::kQuestion);
    const auto third = third_of({event.start, event.stop}, speaker.scene().duration);
    if (!clause || !third) return std::nullopt;
    quiz.question = "When " + *clause + "?";
    quiz.options.push_back(plain(kThirdNames[*third]));
    quiz.events = {event};
    asked = {.kind = event.kind, .side = event.side, .start = event.start};
  }
  for (const std::string_view time : kThirdNames) add_option(quiz.options, plain(time));
  // Words that say when are about the event that is asked for.
  for (Option& option : quiz.options) {
    option.kind = asked.kind;
    option.side = asked.side;
    option.start = asked.start;
  }
  return quiz;
}

/** A question for it, or for all of its kind where it happens again. */
std::optional<std::string> clause_for_any(Speaker& speaker, const Event& event) {
  if (!speaker.happens_again(event)) return speaker.describe(event, ClauseForm::kQuestion);
  const auto told = speaker.describe_all(event, ClauseForm::kQuestion);
  return told ? std::optional(told->text) : std::nullopt;
}

std::optional<Quiz> yes_or_no(Speaker& speaker) {
  const bool yes = speaker.random().chance(0.5);
  Quiz quiz{"yes-no", "", {plain(yes ? "yes" : "no")}, {}};
  std::optional<std::string> clause;
  // Until it works: what is harder to ask must not become the rarer answer.
  for (int attempt = 0; attempt < 10 && !clause; ++attempt) {
    if (yes) {
      const Event& event = speaker.random().pick(speaker.scene().events);
      clause = clause_for_any(speaker, event);
      quiz.events = {event};
    } else if (const auto absent = speaker.absent(speaker.random().chance(0.5))) {
      clause = speaker.describe(*absent, ClauseForm::kQuestion);
    }
  }
  if (!clause) return std::nullopt;
  quiz.question = capitalised(*clause) + (speaker.random().chance(0.2) ? " in the video?" : "?");
  return quiz;
}

/** "Which happens first, ... or ...?" */
std::optional<Quiz> which_of_two(Speaker& speaker) {
  const auto& events = speaker.scene().events;
  if (events.size() < 2) return std::nullopt;
  const Event& a = speaker.random().pick(events);
  const Event& b = speaker.random().pick(events);
  if (&a == &b || a.stop > b.start || any_confusable(a, b) || !only_one(speaker, a) || !only_one(speaker, b)) {
    return std::nullopt;
  }
  std::string one = speaker.report(a), two = speaker.report(b);
  const bool first = speaker.random().chance(0.5);
  Quiz quiz{first ? "order-first" : "order-last", "", {option_of(speaker, first ? a : b)}, {first ? a : b}};
  if (speaker.random().chance(0.5)) std::swap(one, two);
  quiz.question = std::string(first ? "Which happens first" : "Which happens later") + ": " + one + ", or " + two + "?";
  return quiz;
}

Quiz with_moments(Quiz quiz) {
  for (const Event& event : quiz.events) quiz.moments.push_back({event.start, event.stop});
  return quiz;
}

using Maker = std::optional<Quiz> (*)(Speaker&);

std::optional<Quiz> draw(Speaker& speaker, std::initializer_list<Maker> makers) {
  if (speaker.scene().events.empty()) return std::nullopt;
  for (int attempt = 0; attempt < 12; ++attempt) {
    if (auto quiz = speaker.random().pick(makers)(speaker)) return quiz;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Conversation> multiple_choice(Speaker& speaker) {
  auto quiz =
      draw(speaker, {which_happens, which_happens, which_does_not, first_or_last, first_or_last, what_after, what_after,
                     which_side, camera_direction, which_colour, how_often, which_third, which_time});
  if (!quiz) return std::nullopt;
  return choice_form(with_moments(std::move(*quiz)), speaker.random());
}

std::optional<Conversation> open_question(Speaker& speaker) {
  auto quiz = draw(
      speaker, {yes_or_no, yes_or_no, yes_or_no, how_often, which_side, camera_direction, which_colour, which_of_two});
  return quiz ? std::optional(open_form(with_moments(std::move(*quiz)))) : std::nullopt;
}

}  // namespace gvl::scenes
