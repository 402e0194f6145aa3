/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watch_conversation.hpp"

#include <algorithm>

#include "scenes/english.hpp"
#include "scenes/forms.hpp"
#include "scenes/watch/compose_watch.hpp"
#include "scenes/watch/story.hpp"
#include "scenes/watch/watch_phrases.hpp"
#include "scenes/watch/watch_questions.hpp"

namespace gvl::scenes {
namespace {

/** Whether "two cars" without "exactly" is as true as with it. */
bool bare_number_fits(const Watched& watched, const Finding& finding) {
  WatchQuery query = finding.query;
  if (query.kind != WatchKind::kExactly || query.count < 2) return false;
  query.kind = WatchKind::kAtLeast;
  const Judgement more = judge(watched, query);
  const auto same = [](const TimeRange& a, const TimeRange& b) { return a.start == b.start && a.stop == b.stop; };
  return finding.spans.empty()
             ? more.verdict == Verdict::kAbsent
             : std::equal(more.spans.begin(), more.spans.end(), finding.spans.begin(), finding.spans.end(), same);
}

std::optional<std::string> words_for(const Inquiry& inquiry, const Finding& finding) {
  return describe(finding.query, inquiry.asker.random(), inquiry.split, ClauseForm::kAny,
                  bare_number_fits(inquiry.asker.watched(), finding));
}

/** A grounding query for `finding`. */
Conversation grounding_talk(const Inquiry& inquiry, const std::string& words, std::string kind,
                            const Finding& finding) {
  Conversation talk = grounding_form(as_typed(words, inquiry.asker.random()), std::move(kind), finding.spans);
  const ThingSet asked = things_of(finding.query.x) | things_of(finding.query.y);
  for (int thing = 0; thing < static_cast<int>(kThings); ++thing) {
    if (asked.test(static_cast<std::size_t>(thing))) talk.things.push_back(thing);
  }
  return talk;
}

void add_grounding(const Inquiry& inquiry, int count, std::vector<Conversation>& talks) {
  std::vector<std::string> asked;
  for (int attempt = 0; attempt < 2 * count && static_cast<int>(asked.size()) < count; ++attempt) {
    const auto finding = inquiry.asker.happening();
    const auto words = finding ? words_for(inquiry, *finding) : std::nullopt;
    if (!words || std::find(asked.begin(), asked.end(), *words) != asked.end()) continue;
    asked.push_back(*words);
    talks.push_back(grounding_talk(inquiry, *words, std::string(name_of(finding->query.kind)), *finding));
  }
}

void add_absent(const Inquiry& inquiry, int count, std::vector<Conversation>& talks) {
  Random& random = inquiry.asker.random();
  for (int i = 0; i < count; ++i) {
    const auto query = inquiry.asker.absent(random.chance(0.5));
    if (!query) continue;
    const Finding finding{*query, {}};
    const auto words = words_for(inquiry, finding);
    if (words) talks.push_back(grounding_talk(inquiry, *words, "absent", finding));
  }
}

/** Longest answer that tells all that happens. */
constexpr std::size_t kMostDeeds = 12;

bool can_be_told(const Story& story) { return story.sure && story.deeds.size() <= kMostDeeds; }

/** Whether nothing else happens in most of its time: then its time tells which is meant. */
bool stands_out(const Story& story, const Deed& deed) {
  return std::none_of(story.deeds.begin(), story.deeds.end(), [&](const Deed& other) {
    const double shared = std::min(deed.time.stop, other.time.stop) - std::max(deed.time.start, other.time.start);
    return &other != &deed && shared > 0.3 * length(deed.time);
  });
}

void add_referring(const Inquiry& inquiry, int count, std::vector<Conversation>& talks) {
  if (!inquiry.story.sure) return;
  std::vector<const Deed*> deeds;
  for (const Deed& deed : inquiry.story.deeds) {
    if (stands_out(inquiry.story, deed)) deeds.push_back(&deed);
  }
  Random& random = inquiry.asker.random();
  random.shuffle(deeds);
  for (const Deed* deed : deeds) {
    if (count-- <= 0) break;
    talks.push_back(referring_form(draw_referring_lead(random), {deed->time, report(deed->query)}));
  }
}

void add_told(const Inquiry& inquiry, const ConversationOptions& options, std::vector<Conversation>& talks) {
  if (!can_be_told(inquiry.story)) return;
  const std::vector<Report> reports = reports_of(inquiry.story);
  for (int i = 0; i < options.dense_caption; ++i) talks.push_back(dense_caption_form(reports));
  for (int i = 0; i < options.caption; ++i) {
    const std::string question = draw_caption_question(inquiry.asker.random());
    talks.push_back(caption_form(question, opening_of(inquiry.story), reports));
  }
}

void add_choices(Inquiry& inquiry, int count, std::vector<Conversation>& talks) {
  for (int i = 0; i < count; ++i) {
    if (auto quiz = watch_choice(inquiry)) talks.push_back(choice_form(std::move(*quiz), inquiry.asker.random()));
  }
}

void add_open_questions(Inquiry& inquiry, int count, std::vector<Conversation>& talks) {
  for (int i = 0; i < count; ++i) {
    if (const auto quiz = watch_question(inquiry)) talks.push_back(open_form(*quiz));
  }
}

}  // namespace

std::vector<Conversation> converse(const WatchedScene& scene, std::uint64_t seed, const ConversationOptions& options) {
  // Each form has random numbers of its own: asking for more of one leaves the others as they are.
  const Random root(seed);
  const Split split = options.held_out_phrasings ? Split::kHeldOut : Split::kTraining;
  const Watched watched(scene);
  const Story story = story_of(watched);
  std::vector<Conversation> talks;
  const auto with_asker = [&](std::uint64_t form, const auto& add) {
    Random random = root.fork(form);
    Asker asker(watched, random, options.invented_words);
    Inquiry inquiry{asker, story, split};
    add(inquiry);
  };
  with_asker(0, [&](Inquiry& inquiry) { add_grounding(inquiry, options.grounding, talks); });
  with_asker(1, [&](Inquiry& inquiry) { add_absent(inquiry, options.absent, talks); });
  with_asker(2, [&](Inquiry& inquiry) { add_told(inquiry, options, talks); });
  with_asker(3, [&](Inquiry& inquiry) { add_referring(inquiry, options.referring, talks); });
  with_asker(4, [&](Inquiry& inquiry) { add_choices(inquiry, options.multiple_choice, talks); });
  with_asker(5, [&](Inquiry& inquiry) { add_open_questions(inquiry, options.open_question, talks); });
  if (options.one_moment) {
    Random random = root.fork(6);
    tell_one_moment(talks, random);
  }
  return talks;
}

std::vector<std::string> watched_corpus(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<std::string> texts;
  while (texts.size() < count) {
    const WatchedScene scene = compose_watch(random.next(), {});
    for (const Conversation& talk : converse(scene, random.next(), {})) {
      texts.push_back(talk.question);
      texts.push_back(talk.answer);
    }
  }
  texts.resize(count);
  return texts;
}

}  // namespace gvl::scenes
