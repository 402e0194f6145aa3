/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/naming.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "scenes/english.hpp"
#include "scenes/watch/free_words.hpp"

namespace gvl::scenes {
namespace {

const std::vector<Noun>& nouns_of(const Filter& filter) {
  return filter.thing >= 0 ? thing_at(filter.thing).nouns
                           : general_words()[static_cast<std::size_t>(filter.general)].nouns;
}

bool is_pronoun(Noun noun) { return noun.starts_with("some"); }

Noun draw_noun(const Filter& filter, bool pronouns, bool pairs, Random* random) {
  if (!filter.strange.empty()) return filter.strange;
  std::vector<Noun> fitting;
  for (const Noun noun : nouns_of(filter)) {
    if ((pronouns || !is_pronoun(noun)) && (pairs || !is_plural_only(noun))) fitting.push_back(noun);
  }
  return random ? random->pick(fitting) : fitting.front();
}

/** A person is not red, but in red. */
std::string coloured(const Filter& filter, const std::string& noun, bool pronoun, Random* random) {
  if (filter.colour.empty()) return noun;
  const std::string colour = colour_word(filter.colour, random);
  if (filter.thing == kPerson) {
    static constexpr std::array<std::string_view, 4> ways{" in ", " in ", " dressed in ", " wearing "};
    return noun + std::string(random ? random->pick(ways) : ways[0]) + colour;
  }
  return pronoun ? noun + " " + colour : colour + " " + noun;
}

std::string pick(std::initializer_list<std::string_view> words, Random* random) {
  return std::string(random ? random->pick(words) : *words.begin());
}

}  // namespace

std::string colour_word(const std::string& colour, Random* random) {
  return colour == "gray" && random && random->chance(0.5) ? "grey" : colour;
}

Gait gait_of(const Filter& filter) {
  if (!filter.strange.empty()) return Gait::kThrown;
  return filter.thing >= 0 ? thing_at(filter.thing).gait
                           : general_words()[static_cast<std::size_t>(filter.general)].gait;
}

Mention one_of(const Filter& filter, Random* random) {
  const Noun noun = draw_noun(filter, random != nullptr, true, random);
  const bool pronoun = is_pronoun(noun), alone = pronoun || is_plural_only(noun);
  const std::string text = coloured(filter, singular(noun), pronoun, random);
  if (alone) return {text, is_plural_only(noun)};
  return {random && random->chance(0.2) ? "the " + text : with_article(text), false};
}

Mention one_looking(const Filter& filter, Random& random) {
  const Noun noun = draw_noun(filter, true, true, &random);
  const std::string text = looking(singular(noun), filter, random);
  if (is_pronoun(noun) || is_plural_only(noun)) return {text, is_plural_only(noun)};
  return {random.chance(0.2) ? "the " + text : with_article(text), false};
}

std::string noun_of(const Filter& filter, Random* random) {
  return coloured(filter, singular(draw_noun(filter, false, false, random)), false, random);
}

std::string many_of(const Filter& filter, Random* random) {
  return coloured(filter, plural(draw_noun(filter, false, true, random)), false, random);
}

std::string none_of(const Filter& filter, Random* random) {
  if (filter.thing == kPerson && filter.colour.empty() && (!random || random->chance(0.6))) {
    return pick({"nobody", "no one"}, random);
  }
  return pick({"no ", "no ", "not a single "}, random) + noun_of(filter, random);
}

std::string number_word(int number) {
  static constexpr std::array<std::string_view, 12> words{"one",   "two",   "three", "four", "five",   "six",
                                                          "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
  return std::string(words.at(static_cast<std::size_t>(number - 1)));
}

Mention number_of(const WatchQuery& query, bool bare, Random* random) {
  const std::string number = number_word(query.count);
  if (query.kind == WatchKind::kExactly) {
    if (query.count == 1) {
      return {pick({"only one ", "exactly one ", "just one ", "a single "}, random) + noun_of(query.x, random), false};
    }
    const std::string lead =
        bare && (!random || random->chance(0.7)) ? "" : pick({"exactly ", "just ", "only "}, random);
    return {lead + number + " " + many_of(query.x, random), true};
  }
  if (query.count == 2 && random && random->chance(0.2)) return {"more than one " + noun_of(query.x, random), false};
  std::string many = many_of(query.x, random);
  if (query.count == 2 && random && random->chance(0.2)) return {"multiple " + many, true};
  if (query.count == 3 && random && random->chance(0.5))
    return {pick({"several ", "a group of "}, random) + many, true};
  if (random && random->chance(0.4)) return {number + " or more " + many, true};
  return {"at least " + number + " " + many, true};
}

}  // namespace gvl::scenes
