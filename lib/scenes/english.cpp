/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/english.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>

namespace gvl::scenes {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return text.starts_with(head); });
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> tails) {
  return std::any_of(tails.begin(), tails.end(), [&](std::string_view tail) { return text.ends_with(tail); });
}

bool is_vowel(char letter) { return std::string_view("aeiou").find(letter) != std::string_view::npos; }

/** A verb's forms that no rule gives. */
struct Irregular {
  std::string_view base, past, participle;
};
constexpr Irregular kIrregular[] = {
    {"go", "went", "gone"},          {"become", "became", "become"},
    {"get", "got", "got"},           {"freeze", "froze", "frozen"},
    {"break", "broke", "broken"},    {"come", "came", "come"},
    {"leave", "left", "left"},       {"fall", "fell", "fallen"},
    {"rise", "rose", "risen"},       {"swing", "swung", "swung"},
    {"shake", "shook", "shaken"},    {"stand", "stood", "stood"},
    {"cut", "cut", "cut"},           {"run", "ran", "run"},
    {"spin", "spun", "spun"},        {"grow", "grew", "grown"},
    {"shrink", "shrank", "shrunk"},  {"meet", "met", "met"},
    {"show", "showed", "shown"},     {"slide", "slid", "slid"},
    {"fly", "flew", "flown"},        {"split", "split", "split"},
    {"hold", "held", "held"},        {"stick", "stuck", "stuck"},
    {"take", "took", "taken"},       {"give", "gave", "given"},
    {"begin", "began", "begun"},     {"hit", "hit", "hit"},
    {"hide", "hid", "hidden"},       {"sink", "sank", "sunk"},
    {"lose", "lost", "lost"},        {"have", "had", "had"},
    {"put", "put", "put"},           {"make", "made", "made"},
    {"drive", "drove", "driven"},    {"see", "saw", "seen"},
    {"sweep", "swept", "swept"},     {"keep", "kept", "kept"},
    {"spring", "sprang", "sprung"},  {"hang", "hung", "hung"},
    {"shine", "shone", "shone"},     {"be", "was", "been"},
    {"swell", "swelled", "swollen"}, {"ride", "rode", "ridden"},
    {"lay", "laid", "laid"},         {"set", "set", "set"},
    {"bring", "brought", "brought"}, {"catch", "caught", "caught"},
    {"sit", "sat", "sat"},           {"lie", "lay", "lain"},
    {"sleep", "slept", "slept"},     {"eat", "ate", "eaten"},
    {"drink", "drank", "drunk"},     {"read", "read", "read"},
    {"write", "wrote", "written"},   {"throw", "threw", "thrown"},
    {"feed", "fed", "fed"},          {"fight", "fought", "fought"},
    {"speak", "spoke", "spoken"},    {"bend", "bent", "bent"},
    {"kneel", "knelt", "knelt"},     {"swim", "swam", "swum"},
    {"sing", "sang", "sung"},        {"dig", "dug", "dug"},
    {"wear", "wore", "worn"},        {"bite", "bit", "bitten"},
    {"build", "built", "built"},     {"draw", "drew", "drawn"},
    {"spread", "spread", "spread"},  {"overtake", "overtook", "overtaken"},
    {"do", "did", "done"},
};

/** Whether the last consonant is written twice before an ending: "stopped". */
bool doubles(std::string_view verb) {
  for (const std::string_view longer : {"begin", "split", "overlap"}) {
    if (verb == longer) return true;
  }
  if (verb == "exit" || verb == "open" || verb.size() < 3 || verb.size() > 4 ||
      starts_with_any(verb, {"fail", "look", "show", "slow", "glow"}))
    return false;
  const char last = verb.back();
  const bool single = is_vowel(verb[verb.size() - 2]) && !is_vowel(verb[verb.size() - 3]);
  return single && !is_vowel(last) && last != 'w' && last != 'x' && last != 'y';
}

std::string with_ending(std::string_view verb, std::string_view ending) {
  if (verb.ends_with("ie") && ending == "ing") return std::string(verb.substr(0, verb.size() - 2)) + "ying";
  std::string text(verb);
  if (verb.back() == 'y' && !is_vowel(verb[verb.size() - 2]) && ending == "ed") text.back() = 'i';
  if (verb.back() == 'e' && !ends_with_any(verb, {"ee", "oe"})) text.pop_back();
  if (doubles(verb)) text += verb.back();
  return text + std::string(ending);
}

}  // namespace

std::string third_person(std::string_view verb) {
  if (verb == "be") return "is";
  if (verb == "have") return "has";
  std::string text(verb);
  if (ends_with_any(verb, {"s", "sh", "ch", "x", "z", "o"})) return text + "es";
  if (verb.back() == 'y' && !is_vowel(verb[verb.size() - 2])) return text.substr(0, text.size() - 1) + "ies";
  return text + "s";
}

std::string gerund(std::string_view verb) { return verb == "be" ? "being" : with_ending(verb, "ing"); }

std::string past(std::string_view verb, bool plural, bool participle) {
  if (verb == "be" && plural && !participle) return "were";
  for (const Irregular& irregular : kIrregular) {
    if (irregular.base == verb) return std::string(participle ? irregular.participle : irregular.past);
  }
  if (verb.back() == 'e') return std::string(verb) + "d";
  return with_ending(verb, "ed");
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string sentence(std::string text) { return capitalised(std::move(text)) + "."; }

std::string as_typed(std::string text, Random& random) {
  const bool asks = text.ends_with("?");
  const double drawn = random.uniform();
  if (drawn < 0.55) return text;
  if (drawn < 0.64) return asks ? text : text + ".";
  if (drawn < 0.73) return capitalised(std::move(text));
  if (drawn < 0.985) return asks ? capitalised(std::move(text)) : sentence(std::move(text));
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string without_article(const std::string& text) {
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (text.starts_with(article)) return text.substr(article.size());
  }
  return text;
}

bool is_plural(std::string_view noun) {
  if (noun.find(" of ") != noun.npos) return false;  // "pair of scissors"
  return noun.ends_with("people") || (noun.ends_with("s") && !ends_with_any(noun, {"ss", "us", "is", "os", "lens"}));
}

std::string with_article(std::string_view noun) {
  static constexpr std::string_view masses[] = {"bread", "money",  "cheese", "popcorn", "rice",  "bacon",  "corn",
                                                "fire",  "butter", "milk",   "garlic",  "honey", "ginger", "wood"};
  const std::string_view last = noun.substr(noun.rfind(' ') + 1);
  if (is_plural(noun) || std::find(std::begin(masses), std::end(masses), last) != std::end(masses)) {
    return std::string(noun);
  }
  const bool like_you = starts_with_any(noun, {"uni", "uku", "euro", "one", "used", "ufo"});
  const bool silent = starts_with_any(noun, {"hour", "honest"});
  const bool vowel = (is_vowel(noun.front()) && !like_you) || silent;
  return (vowel ? "an " : "a ") + std::string(noun);
}

}  // namespace gvl::scenes
