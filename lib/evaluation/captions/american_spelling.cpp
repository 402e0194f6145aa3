/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/american_spelling.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace gvl::evaluation {
namespace {

using namespace std::string_view_literals;

/** Beginnings of words, as far as both spellings differ, and the endings that they are rewritten with. */
struct Spelling {
  std::string_view british, american;
  std::string_view endings;  ///< each between commas
};

constexpr std::array<Spelling, 24> kSpellings{{{"analys", "analyz", ",e,ed,ing,"},
                                               {"cancell", "cancel", ",ed,ing,"},
                                               {"centre", "center", ",,"},
                                               {"colour", "color", ",ed,ing,ful,"},
                                               {"armour", "armor", ",ed,"},
                                               {"defence", "defense", ",,"},
                                               {"favour", "favor", ",ed,ing,ite,ites,"},
                                               {"fibre", "fiber", ",,s,"},
                                               {"finalis", "finaliz", ",e,ed,ing,"},
                                               {"flavour", "flavor", ",ed,ing,"},
                                               {"grey", "gray", ",,"},
                                               {"honour", "honor", ",ed,ing,able,"},
                                               {"humour", "humor", ",ed,ing,"},
                                               {"kerb", "curb", ",,"},
                                               {"labell", "label", ",ed,ing,"},
                                               {"labour", "labor", ",ed,ing,"},
                                               {"manoeuvre", "maneuver", ",,s,"},
                                               {"neighbour", "neighbor", ",hood,hoods,"},
                                               {"organis", "organiz", ",ation,ations,"},
                                               {"practis", "practic", ",e,ed,"},
                                               {"realis", "realiz", ",e,ed,es,ing,"},
                                               {"recognis", "recogniz", ",e,ed,es,ing,"},
                                               {"theatre", "theater", ",,s,"},
                                               {"travell", "travel", ",ed,ing,"}}};

/** Words in "our" that are no British spelling. */
constexpr std::array kOtherwise{"contour"sv, "detour"sv,    "devour"sv, "downpour"sv, "glamour"sv, "paramour"sv,
                                "tambour"sv, "carrefour"sv, "velour"sv, "bonjour"sv,  "outpour"sv, "troubadour"sv};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/** "colour" and "colours", of three letters or more before the "our". */
std::string without_u(std::string word) {
  const bool is_plural = word.ends_with('s');
  const std::size_t end = word.size() - (is_plural ? 1 : 0);
  if (end < 6 || word.compare(end - 3, 3, "our") != 0 || !std::all_of(word.begin(), word.end(), is_lower)) return word;
  const auto is_in_word = [&](std::string_view other) { return word.find(other) != word.npos; };
  if (std::any_of(kOtherwise.begin(), kOtherwise.end(), is_in_word)) return word;
  return word.erase(end - 2, 1);
}

}  // namespace

std::string american_spelling(std::string word) {
  if (word == "learnt") return "learned";
  if (word == "leant") return "leaned";
  if (word.starts_with("programme") && (word.size() == 9 || word == "programmes")) return word.erase(7, 2);
  for (const auto& [british, american, endings] : kSpellings) {
    if (!word.starts_with(british)) continue;
    const std::string ending = word.substr(british.size());
    if (endings.find("," + ending + ",") != endings.npos) return std::string(american) + ending;
  }
  return without_u(std::move(word));
}

}  // namespace gvl::evaluation
