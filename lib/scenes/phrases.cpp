/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/phrases.hpp"

#include <array>

namespace gvl::scenes {
namespace {

constexpr std::array<std::string_view, 5> kFrom{
    "", "from the [left/left side/left edge/left-hand side]", "from the [right/right side/right edge/right-hand side]",
    "from [above/the top/the upper edge]", "from [below/the bottom/the lower edge]"};
constexpr std::array<std::string_view, 5> kOut{
    "", "[to the left/on the left/on the left side/through the left edge/by the left side]",
    "[to the right/on the right/on the right side/through the right edge/by the right side]",
    "[at the top/through the top/over the top edge/through the upper edge]",
    "[at the bottom/through the bottom/below the bottom edge/through the lower edge]"};

std::array<Slot, 5> slots_of(const PhraseSubject& subject) {
  return {Slot{"pic",
               "the [picture/picture/image/image/screen/screen/video/video/frame/footage/feed/stream/video feed/camera "
               "picture/display/video picture/camera image/whole picture/entire image]"},
          {"x", subject.x.text, subject.x.plural},
          {"y", subject.y.text},
          {"from", words_for_entry(subject.side)},
          {"out", words_for_exit(subject.side)}};
}

/** For each kind and template. */
const std::vector<std::vector<bool>>& held_out_table() {
  static const std::vector<std::vector<bool>> table = [] {
    const PhraseSubject subject;
    std::vector<std::vector<bool>> result;
    for (const KindPhrases& phrases : kind_phrases()) {
      std::vector<std::string_view> texts;
      for (const Template& one : phrases.templates) texts.push_back(one.text);
      result.push_back(held_out_of(texts, phrases.canonical, slots_of(subject)));
    }
    return result;
  }();
  return table;
}

bool names_side(std::string_view text) { return text.find("{from}") != text.npos || text.find("{out}") != text.npos; }

}  // namespace

std::string_view words_for_entry(Side side) { return kFrom[static_cast<std::size_t>(side)]; }
std::string_view words_for_exit(Side side) { return kOut[static_cast<std::size_t>(side)]; }

bool held_out(EventKind kind, std::size_t index) { return held_out_table()[static_cast<std::size_t>(kind)][index]; }

std::optional<Phrase> describe(EventKind kind, const PhraseSubject& subject, Random& random, Split split,
                               ClauseForm form, KindSet avoid, bool need_side) {
  const KindPhrases& phrases = kind_phrases()[static_cast<std::size_t>(kind)];
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < phrases.templates.size(); ++i) {
    const Template& one = phrases.templates[i];
    const bool is_clause = one.text.find('|') != one.text.npos;
    const bool sided = names_side(one.text);
    if (held_out(kind, i) != (split == Split::kHeldOut) || one.also.intersects(avoid)) continue;
    if ((form != ClauseForm::kAny && !is_clause) || (sided && subject.side == Side::kNone) || (need_side && !sided)) {
      continue;
    }
    fitting.push_back(i);
  }
  if (fitting.empty()) return std::nullopt;
  Phrase phrase;
  phrase.index = random.pick(fitting);
  const std::string_view text = phrases.templates[phrase.index].text;
  phrase.has_side = names_side(text);
  const Manner manner = subject.long_lasting ? Manner::kPlain : phrases.manner;
  phrase.text = in_form(clause_of(text, slots_of(subject), &random), form, manner, random);
  return phrase;
}

std::string canonical(EventKind kind, const PhraseSubject& subject, std::size_t index) {
  const auto& texts = kind_phrases()[static_cast<std::size_t>(kind)].canonical;
  return present(clause_of(texts[index % texts.size()], slots_of(subject), nullptr));
}

std::size_t canonical_count(EventKind kind) { return kind_phrases()[static_cast<std::size_t>(kind)].canonical.size(); }

}  // namespace gvl::scenes
