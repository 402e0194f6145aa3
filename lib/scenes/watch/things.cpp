/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/things.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "scenes/watch/thing_table.hpp"

namespace gvl::scenes {
namespace {

ThingSet set_of(std::span<const std::string_view> names) {
  ThingSet set;
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < kThings; ++i) {
      if (things()[i].name == name) set.set(i);
    }
  }
  return set;
}

ThingSet all_but_people() {
  ThingSet set;
  set.set();
  set.reset(kPerson);
  return set;
}

std::array<ThingSet, kThings> make_lookalikes() {
  std::array<ThingSet, kThings> sets;
  for (const auto& group : alike_groups()) {
    const ThingSet members = set_of(group);
    for (std::size_t i = 0; i < kThings; ++i) {
      if (members.test(i)) sets[i] |= members;
    }
  }
  for (std::size_t i = 0; i < kThings; ++i) sets[i].reset(i);
  return sets;
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> tails) {
  return std::any_of(tails.begin(), tails.end(), [&](std::string_view tail) { return text.ends_with(tail); });
}

}  // namespace

const Thing& thing_at(int index) { return things()[static_cast<std::size_t>(index)]; }

int draw_thing(Random& random, Setting setting, const std::function<bool(const Thing&)>& wanted) {
  const bool anywhere = random.chance(0.1);
  const auto weight = [&](const Thing& thing) {
    return (anywhere || thing.settings.contains(setting)) && wanted(thing) ? thing.weight : 0;
  };
  double sum = 0;
  for (const Thing& thing : things()) sum += weight(thing);
  double left = random.uniform() * sum;
  for (std::size_t i = 0; i < kThings; ++i) {
    left -= weight(things()[i]);
    if (left < 0) return static_cast<int>(i);
  }
  return kPerson;
}

const std::vector<GeneralWord>& general_words() {
  static const std::vector<GeneralWord> words = [] {
    std::vector<GeneralWord> all;
    for (const GeneralRow& row : general_rows()) {
      all.push_back({row.nouns, row.gait, set_of(row.surely), set_of(row.arguably), row.hands});
    }
    ThingSet person;
    person.set(kPerson);
    all.push_back(
        {{"something:things", "something:things", "object", "thing", "item"}, Gait::kThrown, all_but_people(), person});
    return all;
  }();
  return words;
}

std::vector<std::string> all_nouns() {
  std::vector<std::string> words;
  const auto add = [&](const std::vector<Noun>& nouns) {
    for (const Noun noun : nouns) {
      words.push_back(singular(noun));
      words.push_back(plural(noun));
    }
  };
  for (const Thing& thing : things()) add(thing.nouns);
  for (const GeneralWord& word : general_words()) add(word.nouns);
  return words;
}

const ThingSet& lookalikes(int thing) {
  static const std::array<ThingSet, kThings> sets = make_lookalikes();
  return sets[static_cast<std::size_t>(thing)];
}

bool is_plural_only(Noun noun) { return noun.starts_with('#'); }

std::string singular(Noun noun) {
  if (is_plural_only(noun)) noun.remove_prefix(1);
  return std::string(noun.substr(0, noun.find(':')));
}

std::string plural(Noun noun) {
  if (is_plural_only(noun)) return singular(noun);
  if (const std::size_t colon = noun.find(':'); colon != noun.npos) return std::string(noun.substr(colon + 1));
  std::string text(noun);
  if (ends_with_any(noun, {"s", "sh", "ch", "x", "z"})) return text + "es";
  const bool consonant_y = noun.ends_with('y') && !ends_with_any(noun, {"ay", "ey", "oy", "uy"});
  if (!consonant_y) return text + "s";
  text.pop_back();
  return text + "ies";
}

}  // namespace gvl::scenes
