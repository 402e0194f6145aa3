/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/phrases.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

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
    {"go", "went", "gone"},          {"become", "became", "become"}, {"get", "got", "got"},
    {"freeze", "froze", "frozen"},   {"break", "broke", "broken"},   {"come", "came", "come"},
    {"leave", "left", "left"},       {"fall", "fell", "fallen"},     {"rise", "rose", "risen"},
    {"swing", "swung", "swung"},     {"shake", "shook", "shaken"},   {"stand", "stood", "stood"},
    {"cut", "cut", "cut"},           {"run", "ran", "run"},          {"spin", "spun", "spun"},
    {"grow", "grew", "grown"},       {"shrink", "shrank", "shrunk"}, {"meet", "met", "met"},
    {"show", "showed", "shown"},     {"slide", "slid", "slid"},      {"fly", "flew", "flown"},
    {"split", "split", "split"},     {"hold", "held", "held"},       {"stick", "stuck", "stuck"},
    {"take", "took", "taken"},       {"give", "gave", "given"},      {"begin", "began", "begun"},
    {"hit", "hit", "hit"},           {"hide", "hid", "hidden"},      {"sink", "sank", "sunk"},
    {"lose", "lost", "lost"},        {"have", "had", "had"},         {"put", "put", "put"},
    {"make", "made", "made"},        {"drive", "drove", "driven"},   {"see", "saw", "seen"},
    {"sweep", "swept", "swept"},     {"keep", "kept", "kept"},       {"spring", "sprang", "sprung"},
    {"hang", "hung", "hung"},        {"shine", "shone", "shone"},    {"be", "was", "been"},
    {"swell", "swelled", "swollen"},
};

/** Whether the last consonant is written twice before an ending: "stopped". */
bool doubles(std::string_view verb) {
  for (const std::string_view longer : {"begin", "split", "overlap"}) {
    if (verb == longer) return true;
  }
  if (verb == "exit" || verb.size() < 3 || verb.size() > 4 ||
      starts_with_any(verb, {"fail", "look", "show", "slow", "glow"}))
    return false;
  const char last = verb.back();
  const bool single = is_vowel(verb[verb.size() - 2]) && !is_vowel(verb[verb.size() - 3]);
  return single && !is_vowel(last) && last != 'w' && last != 'x' && last != 'y';
}

std::string third_person(std::string_view verb) {
  if (verb == "be") return "is";
  if (verb == "have") return "has";
  std::string text(verb);
  if (ends_with_any(verb, {"s", "sh", "ch", "x", "z", "o"})) return text + "es";
  if (verb.back() == 'y' && !is_vowel(verb[verb.size() - 2])) return text.substr(0, text.size() - 1) + "ies";
  return text + "s";
}

std::string with_ending(std::string_view verb, std::string_view ending) {
  std::string text(verb);
  if (verb.back() == 'y' && !is_vowel(verb[verb.size() - 2]) && ending == "ed") text.back() = 'i';
  if (verb.back() == 'e' && !ends_with_any(verb, {"ee", "oe"})) text.pop_back();
  if (doubles(verb)) text += verb.back();
  return text + std::string(ending);
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

/** What "{name}" stands for. */
std::string_view slot(std::string_view name, const PhraseSubject& subject) {
  static constexpr std::array<std::string_view, 5> from{"", "from the [left/left side/left edge/left-hand side]",
                                                        "from the [right/right side/right edge/right-hand side]",
                                                        "from [above/the top/the upper edge]",
                                                        "from [below/the bottom/the lower edge]"};
  static constexpr std::array<std::string_view, 5> out{
      "", "[to the left/on the left/on the left side/through the left edge/by the left side]",
      "[to the right/on the right/on the right side/through the right edge/by the right side]",
      "[at the top/through the top/over the top edge/through the upper edge]",
      "[at the bottom/through the bottom/below the bottom edge/through the lower edge]"};
  if (name == "pic") {
    return "the [picture/picture/image/image/screen/screen/video/video/frame/footage/feed/stream/video feed/camera "
           "picture/display/video picture/camera image/whole picture/entire image]";
  }
  if (name == "x") return subject.x.text;
  if (name == "y") return subject.y.text;
  const auto side = static_cast<std::size_t>(subject.side);
  return name == "from" ? from[side] : out[side];
}

/** Which of the words for one thing are drawn. */
class Expander {
 public:
  Expander(const PhraseSubject& subject, Random* random) : subject_(subject), random_(random) {}

  std::string expand(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '[') {
        const std::size_t close = text.find(']', at);
        result += expand(choose(text.substr(at + 1, close - at - 1)));
        at = close + 1;
      } else if (text[at] == '{') {
        const std::size_t close = text.find('}', at);
        const std::string_view name = text.substr(at + 1, close - at - 1);
        result += expand(slot(name, subject_));
        if (name == "x" && subject_.x.plural && text.substr(close + 1).starts_with("|")) result += '#';
        at = close + 1;
      } else {
        result += text[at++];
      }
    }
    return result;
  }

 private:
  /** Without random numbers, the first: the reports' words. */
  std::string_view choose(std::string_view choices) {
    const auto count = std::count(choices.begin(), choices.end(), '/') + 1;
    auto wanted = random_ ? random_->integer(0, count - 1) : 0;
    for (; wanted > 0; --wanted) choices.remove_prefix(choices.find('/') + 1);
    return choices.substr(0, choices.find('/'));
  }

  const PhraseSubject& subject_;
  Random* random_;
};

/** An expanded template, taken apart. A noun phrase has no verb. */
struct Parts {
  std::string subject, verb, rest;
  bool plural = false;
};

std::string without(std::string text, char sign) {
  text.erase(std::remove(text.begin(), text.end(), sign), text.end());
  return text;
}

Parts take_apart(const std::string& text) {
  Parts parts;
  const std::size_t bar = text.find('|');
  parts.subject = text.substr(0, bar);
  parts.plural = parts.subject.find('#') != std::string::npos;
  parts.subject = without(parts.subject, '#');
  if (bar == std::string::npos) return parts;
  const std::size_t space = std::min(text.find(' ', bar), text.size());
  parts.verb = text.substr(bar + 1, space - bar - 1);
  parts.rest = text.substr(space);
  // "you begin", "we look": as the plural.
  if (parts.subject == "you" || parts.subject == "we") parts.plural = true;
  for (std::size_t its; parts.plural && (its = parts.rest.find(" its ")) != std::string::npos;) {
    parts.rest.replace(its, 5, " their ");
  }
  return parts;
}

std::string without_article(const std::string& text) {
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (text.starts_with(article)) return text.substr(article.size());
  }
  return text;
}

std::string present(const Parts& parts) {
  if (!parts.plural) return third_person(parts.verb);
  return parts.verb == "be" ? "are" : parts.verb;
}

std::string question(const Parts& parts, bool in_past) {
  if (parts.verb == "be") {
    return (in_past ? past("be", parts.plural, false) : present(parts)) + " " + parts.subject + parts.rest;
  }
  const std::string_view help = in_past ? "did " : parts.plural ? "do " : "does ";
  return std::string(help) + parts.subject + " " + parts.verb + parts.rest;
}

/** "" or words that say how; they stand behind the verb's phrase. */
std::string manner_words(Manner manner, Random& random) {
  static constexpr std::string_view lasting[] = {" for a while",   " for a moment", " briefly",
                                                 " for some time", " temporarily",  " for a few moments"};
  static constexpr std::string_view slow[] = {" slowly", " gradually", " smoothly", " bit by bit"};
  if (manner == Manner::kLasting && random.chance(0.12)) return std::string(random.pick(lasting));
  if (manner == Manner::kSlow && random.chance(0.1)) return std::string(random.pick(slow));
  return "";
}

std::string clause(const Parts& parts, Manner manner, Random& random) {
  static constexpr std::string_view moments[] = {"the moment when ",   "the moment ",      "when ",
                                                 "the part where ",    "the time when ",   "the moment where ",
                                                 "the part in which ", "the point where ", "the moment at which ",
                                                 "the section where ", "find when ",       "show when "};
  const bool is = parts.verb == "be";
  const std::string how = manner_words(manner, random);
  const bool suddenly = how.empty() && manner != Manner::kSlow && !is && random.chance(0.07);
  const std::string now = parts.subject + (suddenly ? " suddenly " : " ") + present(parts) + parts.rest + how;
  const std::string doing = gerund(parts.verb) + parts.rest + how;
  const double drawn = random.uniform();
  if (drawn < 0.42) return now;
  if (drawn < 0.50) return parts.subject + " " + past(parts.verb, parts.plural, false) + parts.rest + how;
  if (drawn < 0.56 && !is) return parts.subject + (parts.plural ? " are " : " is ") + doing;
  if (drawn < 0.60)
    return parts.subject + (parts.plural ? " have " : " has ") + past(parts.verb, false, true) + parts.rest;
  if (drawn < 0.70) return without_article(now);
  if (drawn < 0.82) {
    const std::string head = random.chance(0.6) ? without_article(parts.subject) : parts.subject;
    return head + " " + (is && !parts.rest.empty() ? parts.rest.substr(1) + how : doing);
  }
  if (drawn < 0.93) return std::string(random.pick(moments)) + now;
  const bool in_past = random.chance(0.3);
  const std::string_view lead = random.chance(0.7) ? "when " : random.chance(0.5) ? "at what point " : "at what time ";
  return std::string(lead) + question(parts, in_past) + (random.chance(0.6) ? "?" : "");
}

std::string noun_phrase(const Parts& parts, Manner manner, Random& random) {
  static constexpr std::string_view moments[] = {"the moment with ", "the part with ", "the section with ",
                                                 "a moment of ",     "show ",          "find "};
  const double drawn = random.uniform();
  if (drawn < 0.2) return without_article(parts.subject);
  if (manner == Manner::kObject || drawn < 0.75) return parts.subject;
  const std::string_view is = parts.plural ? "are " : "is ";
  if (drawn < 0.84) {
    const std::string there = "there " + std::string(is) + parts.subject;
    return parts.subject.starts_with("the ") ? parts.subject : there;
  }
  if (drawn < 0.94) return std::string(random.pick(moments)) + parts.subject;
  return parts.subject.starts_with("the ") ? parts.subject : "when " + std::string(is) + "there " + parts.subject + "?";
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3ULL;
  return Random(hash).next();
}

/** Whether it has the words of the reports, which training cannot do without. */
bool is_plain(const KindPhrases& phrases, std::string_view text) {
  const PhraseSubject subject;
  const auto predicate = [&](std::string_view one) {
    const Parts parts = take_apart(Expander(subject, nullptr).expand(one));
    return parts.verb + parts.rest;
  };
  const std::string wanted = predicate(text);
  return !wanted.empty() && std::any_of(phrases.canonical.begin(), phrases.canonical.end(),
                                        [&](std::string_view one) { return predicate(one) == wanted; });
}

/** For each kind and template. Ranks within a kind, so that every kind has some. */
const std::vector<std::vector<bool>>& held_out_table() {
  static const std::vector<std::vector<bool>> table = [] {
    std::vector<std::vector<bool>> result;
    for (const KindPhrases& phrases : kind_phrases()) {
      std::vector<std::pair<std::uint64_t, std::size_t>> ranks;
      for (std::size_t i = 0; i < phrases.templates.size(); ++i) {
        if (!is_plain(phrases, phrases.templates[i].text)) {
          ranks.emplace_back(stable_hash(phrases.templates[i].text), i);
        }
      }
      std::sort(ranks.begin(), ranks.end());
      std::vector<bool> held(phrases.templates.size());
      for (std::size_t i = 0; i < (held.size() * 3 + 10) / 20; ++i) held[ranks[i].second] = true;
      result.push_back(std::move(held));
    }
    return result;
  }();
  return table;
}

bool names_side(std::string_view text) { return text.find("{from}") != text.npos || text.find("{out}") != text.npos; }

}  // namespace

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
  const Parts parts = take_apart(Expander(subject, &random).expand(text));
  if (parts.verb.empty()) {
    phrase.text = noun_phrase(parts, phrases.manner, random);
  } else if (form == ClauseForm::kAny) {
    phrase.text = clause(parts, phrases.manner, random);
  } else if (form == ClauseForm::kPresent) {
    phrase.text = parts.subject + " " + present(parts) + parts.rest;
  } else {
    phrase.text = question(parts, false);
  }
  return phrase;
}

std::string canonical(EventKind kind, const PhraseSubject& subject, std::size_t index) {
  const auto& texts = kind_phrases()[static_cast<std::size_t>(kind)].canonical;
  const Parts parts = take_apart(Expander(subject, nullptr).expand(texts[index % texts.size()]));
  return parts.subject + " " + present(parts) + parts.rest;
}

std::size_t canonical_count(EventKind kind) { return kind_phrases()[static_cast<std::size_t>(kind)].canonical.size(); }

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
