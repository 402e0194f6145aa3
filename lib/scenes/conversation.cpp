/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/conversation.hpp"

#include <algorithm>

#include "scenes/asking.hpp"
#include "scenes/english.hpp"
#include "scenes/forms.hpp"
#include "scenes/questions.hpp"
#include "scenes/speaker.hpp"

namespace gvl::scenes {
namespace {

TimeRange time_of(const Event& event) { return {event.start, event.stop}; }

std::vector<TimeRange> times_of(const std::vector<const Event*>& events) {
  std::vector<TimeRange> times;
  for (const Event* event : events) times.push_back(time_of(*event));
  return times;
}

/** Of what happens again and again most want all times, a few one of them. */
std::optional<Told> describe_asked(Speaker& speaker, const Event& event) {
  if (speaker.happens_again(event) && speaker.random().chance(0.75)) return speaker.describe_all(event);
  auto words = speaker.describe(event);
  return words ? std::optional(Told{std::move(*words), {&event}}) : std::nullopt;
}

void add_grounding(Speaker& speaker, int count, std::vector<Conversation>& talks) {
  std::vector<const Event*> events;
  for (const Event& event : speaker.scene().events) events.push_back(&event);
  std::vector<std::string> asked;
  for (int round = 0; round < count && !events.empty() && count > 0; ++round) {
    speaker.random().shuffle(events);
    KindSet repeated;
    for (const Event* event : events) {
      // Once in a round, or little else would be asked for.
      if (repeated.contains(event->kind)) continue;
      if (speaker.happens_again(*event)) repeated.insert(event->kind);
      const auto told = count > 0 ? describe_asked(speaker, *event) : std::nullopt;
      if (!told || std::find(asked.begin(), asked.end(), told->text) != asked.end()) continue;
      asked.push_back(told->text);
      talks.push_back(grounding_form(as_typed(told->text, speaker.random()), std::string(name_of(event->kind)),
                                     times_of(told->events)));
      for (const Event* one : told->events) talks.back().events.push_back(*one);
      --count;
    }
  }
}

void add_absent(Speaker& speaker, int count, std::vector<Conversation>& talks) {
  for (int i = 0; i < count; ++i) {
    const auto saying = speaker.absent(speaker.random().chance(0.5));
    const auto words = saying ? speaker.describe(*saying) : std::nullopt;
    if (words) talks.push_back(grounding_form(as_typed(*words, speaker.random()), "absent", {}));
  }
}

std::size_t wording(Speaker& speaker) { return speaker.random().chance(0.75) ? 0 : 1; }

std::vector<Report> reports_of(Speaker& speaker) {
  std::vector<Report> reports;
  for (const Event& event : speaker.scene().events) {
    reports.emplace_back(time_of(event), speaker.report(event, wording(speaker)));
  }
  return reports;
}

Conversation dense_caption(Speaker& speaker) {
  Conversation talk = dense_caption_form(reports_of(speaker));
  talk.events = speaker.scene().events;
  return talk;
}

/** Whether nothing else happens in most of its time: then its time tells which event is meant. */
bool stands_out(const Scene& scene, const Event& event) {
  return std::none_of(scene.events.begin(), scene.events.end(), [&](const Event& other) {
    const double shared = std::min(event.stop, other.stop) - std::max(event.start, other.start);
    return &other != &event && shared > 0.3 * (event.stop - event.start);
  });
}

void add_referring(Speaker& speaker, int count, std::vector<Conversation>& talks) {
  std::vector<const Event*> events;
  for (const Event& event : speaker.scene().events) {
    if (stands_out(speaker.scene(), event)) events.push_back(&event);
  }
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    if (count-- <= 0) break;
    const std::string lead = draw_referring_lead(speaker.random());
    talks.push_back(referring_form(lead, {time_of(*event), speaker.report(*event, wording(speaker))}));
    talks.back().events = {*event};
  }
}

/** As reports_of(), but what happens again and again is told once: how often. */
std::vector<Report> summary_of(Speaker& speaker) {
  const std::vector<Event>& events = speaker.scene().events;
  std::vector<Report> reports;
  KindSet repeated;
  for (const Event& event : events) {
    if (repeated.contains(event.kind)) continue;
    std::string words = speaker.report(event, wording(speaker));
    if (speaker.happens_again(event)) {
      repeated.insert(event.kind);
      const auto times = std::count_if(events.begin(), events.end(), [&](auto& one) { return one.kind == event.kind; });
      words += " " + words_for_count(static_cast<std::size_t>(times));
    }
    reports.emplace_back(time_of(event), std::move(words));
  }
  return reports;
}

Conversation caption(Speaker& speaker) {
  const Scene& scene = speaker.scene();
  const bool placed = !scene.places.empty() && !scene.places.front().empty();
  std::string question = draw_caption_question(speaker.random());
  Conversation talk =
      caption_form(std::move(question), placed ? sentence(scene.places.front()) : "", summary_of(speaker));
  talk.events = scene.events;
  return talk;
}

}  // namespace

std::vector<Conversation> converse(const Scene& scene, std::uint64_t seed, const ConversationOptions& options) {
  // Each form has random numbers of its own: asking for more of one leaves the others as they are.
  const Random root(seed);
  const Split split = options.held_out_phrasings ? Split::kHeldOut : Split::kTraining;
  std::vector<Conversation> talks;
  const auto with_speaker = [&](std::uint64_t form, const auto& add) {
    Random random = root.fork(form);
    Speaker speaker(scene, random, split);
    add(speaker);
  };
  const auto repeat = [&](int count, const auto& make) {
    return [&talks, count, make](Speaker& speaker) {
      for (int i = 0; i < count; ++i) {
        if (std::optional<Conversation> talk = make(speaker)) talks.push_back(std::move(*talk));
      }
    };
  };
  with_speaker(0, [&](Speaker& speaker) { add_grounding(speaker, options.grounding, talks); });
  with_speaker(1, [&](Speaker& speaker) { add_absent(speaker, options.absent, talks); });
  with_speaker(2, repeat(options.dense_caption, dense_caption));
  with_speaker(3, [&](Speaker& speaker) { add_referring(speaker, options.referring, talks); });
  with_speaker(4, repeat(options.multiple_choice, multiple_choice));
  with_speaker(5, repeat(options.open_question, open_question));
  with_speaker(6, repeat(options.caption, caption));
  if (options.one_moment) {
    Random random = root.fork(7);
    tell_one_moment(talks, random);
  }
  return talks;
}

}  // namespace gvl::scenes
