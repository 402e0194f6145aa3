/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/clauses.hpp"

#include <algorithm>
#include <utility>

#include "scenes/english.hpp"

namespace gvl::scenes {
namespace {

/** Which of the words for one thing are drawn. */
class Expander {
 public:
  Expander(std::span<const Slot> slots, Random* random) : slots_(slots), random_(random) {}

  /** What stands first, or before a verb, is the subject: it says whether it is plural. */
  std::string expand(std::string_view text, bool whole = true) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '[') {
        const std::size_t close = text.find(']', at);
        result += expand(choose(text.substr(at + 1, close - at - 1)), false);
        at = close + 1;
      } else if (text[at] == '{') {
        const std::size_t close = text.find('}', at);
        const Slot slot = slot_of(text.substr(at + 1, close - at - 1));
        result += expand(slot.text, false);
        const bool subject = (whole && at == 0) || text.substr(close + 1).starts_with("|");
        if (slot.plural && subject) result += '#';
        at = close + 1;
      } else {
        result += text[at++];
      }
    }
    return result;
  }

 private:
  Slot slot_of(std::string_view name) const {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& one) { return one.name == name; });
    return found == slots_.end() ? Slot{} : *found;
  }

  /** Without random numbers, the first: the reports' words. */
  std::string_view choose(std::string_view choices) {
    const auto count = std::count(choices.begin(), choices.end(), '/') + 1;
    auto wanted = random_ ? random_->integer(0, count - 1) : 0;
    for (; wanted > 0; --wanted) choices.remove_prefix(choices.find('/') + 1);
    return choices.substr(0, choices.find('/'));
  }

  std::span<const Slot> slots_;
  Random* random_;
};

std::string without(std::string text, char sign) {
  text.erase(std::remove(text.begin(), text.end(), sign), text.end());
  return text;
}

Clause take_apart(const std::string& text) {
  Clause parts;
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

std::string present_verb(const Clause& clause) {
  if (clause.verb == "can") return clause.verb;
  if (!clause.plural) return third_person(clause.verb);
  return clause.verb == "be" ? "are" : clause.verb;
}

std::string question(const Clause& parts, bool in_past) {
  if (parts.verb == "can") return "can " + parts.subject + parts.rest;
  if (parts.verb == "be") {
    return (in_past ? past("be", parts.plural, false) : present_verb(parts)) + " " + parts.subject + parts.rest;
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

std::string any_clause(const Clause& parts, Manner manner, Random& random) {
  static constexpr std::string_view moments[] = {"the moment when ",   "the moment ",      "when ",
                                                 "the part where ",    "the time when ",   "the moment where ",
                                                 "the part in which ", "the point where ", "the moment at which ",
                                                 "the section where ", "find when ",       "show when "};
  if (parts.verb == "can") return random.chance(0.8) ? present(parts) : "when " + question(parts, false) + "?";
  const bool is = parts.verb == "be";
  const std::string how = manner_words(manner, random);
  const bool suddenly =
      how.empty() && manner != Manner::kSlow && manner != Manner::kPlain && !is && random.chance(0.07);
  const std::string now = parts.subject + (suddenly ? " suddenly " : " ") + present_verb(parts) + parts.rest + how;
  const std::string doing = gerund(parts.verb) + parts.rest + how;
  const double drawn = random.uniform();
  // "You seeing a car" is nothing that anybody types.
  if (drawn < 0.42 || (manner == Manner::kPlain && parts.subject == "you")) return now;
  if (drawn < 0.50) return parts.subject + " " + past(parts.verb, parts.plural, false) + parts.rest + how;
  if (drawn < 0.56 && !is) return parts.subject + (parts.plural ? " are " : " is ") + doing;
  if (drawn < 0.60)
    return parts.subject + (parts.plural ? " have " : " has ") + past(parts.verb, false, true) + parts.rest;
  if (drawn < 0.70) return without_article(now);
  if (drawn < 0.82 && parts.subject != "there") {
    const std::string head = random.chance(0.6) ? without_article(parts.subject) : parts.subject;
    return head + " " + (is && !parts.rest.empty() ? parts.rest.substr(1) + how : doing);
  }
  if (drawn < 0.93) return std::string(random.pick(moments)) + now;
  const bool in_past = random.chance(0.3);
  const std::string_view lead = random.chance(0.7) ? "when " : random.chance(0.5) ? "at what point " : "at what time ";
  return std::string(lead) + question(parts, in_past) + (random.chance(0.6) ? "?" : "");
}

std::string noun_phrase(const Clause& parts, Manner manner, Random& random) {
  static constexpr std::string_view moments[] = {"the moment with ", "the part with ", "the section with ",
                                                 "a moment of ",     "show ",          "find "};
  const double drawn = random.uniform();
  if (drawn < 0.2) return without_article(parts.subject);
  // "All times with a car" says already what is looked for.
  if (manner == Manner::kObject || drawn < 0.75 || parts.subject.starts_with("all ")) return parts.subject;
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

}  // namespace

Clause clause_of(std::string_view text, std::span<const Slot> slots, Random* random) {
  return take_apart(Expander(slots, random).expand(text));
}

std::string present(const Clause& clause) { return clause.subject + " " + present_verb(clause) + clause.rest; }

std::string in_form(const Clause& clause, ClauseForm form, Manner manner, Random& random) {
  if (clause.verb.empty()) return noun_phrase(clause, manner, random);
  if (form == ClauseForm::kAny) return any_clause(clause, manner, random);
  return form == ClauseForm::kPresent ? present(clause) : question(clause, false);
}

std::vector<bool> held_out_of(std::span<const std::string_view> templates, std::span<const std::string_view> plain,
                              std::span<const Slot> slots) {
  const auto predicate = [&](std::string_view text) {
    const Clause clause = clause_of(text, slots, nullptr);
    return clause.verb + clause.rest;
  };
  const auto is_plain = [&](std::string_view text) {
    const std::string wanted = predicate(text);
    return !wanted.empty() &&
           std::any_of(plain.begin(), plain.end(), [&](std::string_view one) { return predicate(one) == wanted; });
  };
  std::vector<std::pair<std::uint64_t, std::size_t>> ranks;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    if (!is_plain(templates[i])) ranks.emplace_back(stable_hash(templates[i]), i);
  }
  std::sort(ranks.begin(), ranks.end());
  std::vector<bool> held(templates.size());
  const std::size_t wanted = std::min((held.size() * 3 + 10) / 20, ranks.size());
  for (std::size_t i = 0; i < wanted; ++i) held[ranks[i].second] = true;
  return held;
}

}  // namespace gvl::scenes
