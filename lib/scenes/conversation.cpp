/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/conversation.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "scenes/english.hpp"
#include "scenes/questions.hpp"
#include "scenes/speaker.hpp"

namespace gvl::scenes {
namespace {

/** Always with a point, whatever the locale. */
std::string two_decimals(double number) {
  std::array<char, 64> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, 2);
  return std::string(digits.data(), result.ptr);
}

std::string interval(const Event& event) {
  return "from <" + two_decimals(event.start) + "> to <" + two_decimals(event.stop) + ">";
}

Conversation grounding(std::string query, std::string kind, std::string answer, std::vector<Event> events) {
  Conversation talk;
  talk.kind = std::move(kind);
  talk.question = "<image> <timestamp_grounding>\nGive you a textual query: '" + query +
                  "'. When does the described content occur in the video? Please return the start and end timestamps.";
  talk.query = std::move(query);
  talk.answer = std::move(answer);
  talk.events = std::move(events);
  return talk;
}

void add_grounding(Speaker& speaker, int count, std::vector<Conversation>& talks) {
  std::vector<const Event*> events;
  for (const Event& event : speaker.scene().events) events.push_back(&event);
  std::vector<std::string> asked;
  for (int round = 0; round < count && !events.empty() && count > 0; ++round) {
    speaker.random().shuffle(events);
    for (const Event* event : events) {
      const auto words = count > 0 ? speaker.describe(*event) : std::nullopt;
      if (!words || std::find(asked.begin(), asked.end(), *words) != asked.end()) continue;
      asked.push_back(*words);
      talks.push_back(grounding(as_typed(*words, speaker.random()), std::string(name_of(event->kind)),
                                capitalised(interval(*event)) + ".", {*event}));
      --count;
    }
  }
}

void add_absent(Speaker& speaker, int count, std::vector<Conversation>& talks) {
  for (int i = 0; i < count; ++i) {
    const auto saying = speaker.absent(speaker.random().chance(0.5));
    const auto words = saying ? speaker.describe(*saying) : std::nullopt;
    if (words)
      talks.push_back(grounding(as_typed(*words, speaker.random()), "absent", "It does not happen in the video.", {}));
  }
}

std::size_t wording(Speaker& speaker) { return speaker.random().chance(0.75) ? 0 : 1; }

Conversation dense_caption(Speaker& speaker) {
  Conversation talk;
  talk.task = Task::kDenseCaption;
  talk.kind = "dense-caption";
  talk.query =
      "Detect and report the start and end timestamps of activity events in the video, along with descriptions.";
  talk.question = "<image> <timestamp_grounding>\n" + talk.query;
  for (const Event& event : speaker.scene().events) {
    talk.answer += (talk.answer.empty() ? "" : " ") + capitalised(interval(event)) + ", " +
                   speaker.report(event, wording(speaker)) + ".";
  }
  if (talk.answer.empty()) talk.answer = "Nothing happens.";
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
  static constexpr std::string_view leads[] = {"What is happening ", "What is happening ", "What happens ",
                                               "What can be seen ", "Describe what happens "};
  std::vector<const Event*> events;
  for (const Event& event : speaker.scene().events) {
    if (stands_out(speaker.scene(), event)) events.push_back(&event);
  }
  speaker.random().shuffle(events);
  for (const Event* event : events) {
    if (count-- <= 0) break;
    const std::string lead(speaker.random().pick(leads));
    const std::string end = lead.starts_with("Describe") ? "." : "?";
    Conversation talk;
    talk.task = Task::kReferring;
    talk.kind = "referring";
    talk.query = lead + "from " + two_decimals(event->start) + " to " + two_decimals(event->stop) + " seconds" + end;
    talk.question = "<image>\n" + lead + interval(*event) + end;
    talk.answer = sentence(speaker.report(*event, wording(speaker)));
    talk.events = {*event};
    talks.push_back(std::move(talk));
  }
}

Conversation caption(Speaker& speaker) {
  static constexpr std::string_view questions[] = {"Describe the video.",
                                                   "Describe this video.",
                                                   "What happens in this video? Describe it in order.",
                                                   "Write a caption for the video.",
                                                   "Summarize the video.",
                                                   "Tell me what can be seen in the video."};
  const Scene& scene = speaker.scene();
  Conversation talk;
  talk.task = Task::kQuestion;
  talk.kind = "caption";
  talk.query = std::string(speaker.random().pick(questions));
  talk.question = "<image>\n" + talk.query;
  if (!scene.places.empty() && !scene.places.front().empty()) talk.answer = sentence(scene.places.front());
  for (std::size_t i = 0; i < scene.events.size(); ++i) {
    const std::string report = speaker.report(scene.events[i], wording(speaker));
    talk.answer += (talk.answer.empty() ? "" : " ") + sentence(i == 0 ? report : "then " + report);
  }
  if (scene.events.empty()) talk.answer += talk.answer.empty() ? "Nothing happens." : " Nothing happens.";
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
  return talks;
}

}  // namespace gvl::scenes
