/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watch_conversation.hpp"

#include <algorithm>
#include <string>

#include "scenes/english.hpp"
#include "scenes/forms.hpp"
#include "scenes/watch/asker.hpp"
#include "scenes/watch/watch_phrases.hpp"

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

std::optional<std::string> words_for(Asker& asker, const Finding& finding, Split split) {
  return describe(finding.query, asker.random(), split, ClauseForm::kAny, bare_number_fits(asker.watched(), finding));
}

void add_grounding(Asker& asker, int count, Split split, std::vector<Conversation>& talks) {
  std::vector<std::string> asked;
  for (int attempt = 0; attempt < 2 * count && static_cast<int>(asked.size()) < count; ++attempt) {
    const auto finding = asker.happening();
    const auto words = finding ? words_for(asker, *finding, split) : std::nullopt;
    if (!words || std::find(asked.begin(), asked.end(), *words) != asked.end()) continue;
    asked.push_back(*words);
    talks.push_back(
        grounding_form(as_typed(*words, asker.random()), std::string(name_of(finding->query.kind)), finding->spans));
  }
}

void add_absent(Asker& asker, int count, Split split, std::vector<Conversation>& talks) {
  for (int i = 0; i < count; ++i) {
    const auto query = asker.absent(asker.random().chance(0.5));
    const auto words = query ? words_for(asker, {*query, {}}, split) : std::nullopt;
    if (words) talks.push_back(grounding_form(as_typed(*words, asker.random()), "absent", {}));
  }
}

}  // namespace

std::vector<Conversation> converse(const WatchedScene& scene, std::uint64_t seed, const ConversationOptions& options) {
  // Each form has random numbers of its own: asking for more of one leaves the others as they are.
  const Random root(seed);
  const Split split = options.held_out_phrasings ? Split::kHeldOut : Split::kTraining;
  const Watched watched(scene);
  std::vector<Conversation> talks;
  const auto with_asker = [&](std::uint64_t form, const auto& add) {
    Random random = root.fork(form);
    Asker asker(watched, random);
    add(asker);
  };
  with_asker(0, [&](Asker& asker) { add_grounding(asker, options.grounding, split, talks); });
  with_asker(1, [&](Asker& asker) { add_absent(asker, options.absent, split, talks); });
  return talks;
}

}  // namespace gvl::scenes
