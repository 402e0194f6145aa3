/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/ptb_tokenizer.hpp"

#include <glib.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "evaluation/captions/american_spelling.hpp"
#include "evaluation/unicode.hpp"

namespace gvl::evaluation {
namespace {

enum class Treatment { kNone, kWord, kQuote };

/** A kind of token: what group 1 of the expression matches, in front of what the rest of it matches. */
struct Rule {
  const char* expression;
  Treatment treatment = Treatment::kNone;
};

#define GVL_WORD "[\\p{L}\\p{M}][\\p{L}\\p{M}\\p{Nd}]*(?:[.!?][\\p{L}\\p{M}][\\p{L}\\p{M}\\p{Nd}]*)*"
#define GVL_APOSTROPHE "['\\x{2019}]"
#define GVL_CLITIC GVL_APOSTROPHE "(?i:m|s|d|re|ve|ll)"
#define GVL_NUMBER "(?:\\p{Nd}*(?:[.,:]\\p{Nd}+)+|\\p{Nd}+)"
#define GVL_THING "(?:[dDoOlL]['`\\x{2018}\\x{2019}][\\p{L}\\d])?(?:[\\p{L}\\d]+|[-+]?" GVL_NUMBER ")"
#define GVL_SENTENCE_START                                                                                       \
  "\\s+(?:A|About|According|Additionally|After|An|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last|Many|More" \
  "|Mr\\.|Ms\\.|Now|Once|One|Other|Our|She|Since|So|Some|Such|That|The|Their|Then|There|These|They|This|We|When" \
  "|While|What|Yet|You)\\s"

// The longest match is the token, with what has to follow it counted; of equally long ones the first.
constexpr Rule kRules[] = {
    {"((?i:can))(?i:not)"},
    {"((?i:'t))(?i:was)"},
    {"((?i:" GVL_APOSTROPHE "t))(?i:is)(?![\\p{L}])"},
    {"((?i:gon|got|lem|gim|wan))(?i:(?<=gon)na|(?<=got)ta|(?<=lem)me|(?<=gim)me|(?<=wan)na)(?![\\p{L}])"},
    {"(<(?:[!?][A-Za-z-][^>\\r\\n]*|/?[A-Za-z][A-Za-z0-9_:.-]*(?:\\s+[^<>]*)?/?)>)"},
    {"(&amp;)"},
    {"(" GVL_WORD ")" GVL_CLITIC, Treatment::kWord},
    {"([\\p{L}]*[\\p{L}](?<![nN]))[nN]" GVL_APOSTROPHE "[tT]"},
    {"((?i:y)" GVL_APOSTROPHE ")" GVL_WORD},
    {"(" GVL_WORD ")", Treatment::kWord},
    {"(" GVL_APOSTROPHE "n" GVL_APOSTROPHE "?)"},
    {"([lLdDjJ]" GVL_APOSTROPHE ")"},
    {"((?i:dunkin|somethin|ol)" GVL_APOSTROPHE ")"},
    {"(" GVL_APOSTROPHE "(?i:em|till?|cause|[2-9]0s))"},
    {"([A-HJ-XZn]['`\\x{2018}\\x{2019}][\\p{L}]{2,})"},
    {"((?i:cont'd\\.?|nor'easter|c'mon|e'er|s'mores|ev'ry|li'l|nat'l))"},
    {"((?i:ftp|https?)://[^\\s\"<>|()]+[^\\s\"<>|.!?(){},-])"},
    {"((?i:www\\.)(?:[^\\s\"<>|.!?(){},]+\\.)+[A-Za-z]{2,4}(?:/[^\\s\"<>|()]+[^\\s\"<>|.!?(){},-])?)"},
    {"((?:[^\\s\"`'<>|.!?(){},_$-]+\\.)+(?i:com|net|org|edu)(?:/[^\\s\"<>|()]+[^\\s\"<>|.!?(){},-])?)"},
    {"([A-Za-z0-9][^\\s\"<>|(){}]*@(?:[^\\s\"<>|(){}.]+\\.)*[^\\s\"<>|(){}\\[\\].,;:]+)"},
    {"([@#][A-Za-z_][A-Za-z_0-9]*)"},
    {"(" GVL_CLITIC ")(?![A-Za-z'\\x{2019}])"},
    {"([nN]" GVL_APOSTROPHE "[tT])(?![A-Za-z'\\x{2019}])"},
    {"(\\d{1,2}[-/]\\d{1,2}[-/]\\d{2,4})"},
    {"([-+]?" GVL_NUMBER ")"},
    {"((?:\\d{1,4}[- ])?\\d{1,4}/\\d{1,4})"},
    {"([A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2})"},
    {"([A-Z]*\\$|#)"},
    {"([A-Za-z](?:\\.[A-Za-z])+)\\." GVL_SENTENCE_START},
    {"([A-Za-z])\\." GVL_SENTENCE_START},
    {"((?i:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Mon|Tue|Tues|Wed|Thu|Thurs|Fri|Calif|Mass|Conn|Fla|Mich"
     "|Minn|Miss|Penn|Tenn|Tex|Wash|Wis|Inc|Cos?|Corp|Ltd|Bros|Jr|Sr|Esq|Ph\\.D|Ed\\.D|tel|est|ext|etc|al|seq)\\.)"},
    {"((?i:Mr|Mrs|Ms|Miss|Drs?|Profs?|Sens?|Reps?|Lt|Col|Gen|Messrs|Govs?|Adm|Rev|Maj|Sgt|Cpl|Pvt|Capt|Ste?|Ave|Pres"
     "|Lieut|Hon|Brig|Co?mdr|Pfc|Spc|Supts?|Det|Mt|Ft|Adj|Adv|Asst|Assoc|Ens|Insp|Mlle|Mme|Msgr|Sfc|Elec|Natl|M[ft]g"
     "|Dept|Blvd|Rd|vs|viz|Wm|Jos)\\.)"},
    {"([A-Za-z](?:\\.[A-Za-z])*\\.)"},
    {"((?i:ca|figs?|prop|nos?|art|pp|op)\\.)\\s?\\d"},
    {"(" GVL_WORD "\\.)[,;:]"},
    {"(\"|&quot;|[`'\\x{2018}\\x{2019}]')", Treatment::kQuote},
    {"([<>]?[:;=][-o*']?[()DPdpO\\\\{@|\\[\\]])(?![A-Za-z])"},
    {"(&lt;|<)"},
    {"(&gt;|>)"},
    {"(\\.\\.\\.+|\\.[ \\x{a0}](?:\\.[ \\x{a0}])+\\.|[\\x{85}\\x{2026}])", Treatment::kQuote},
    {"([?!]+)"},
    {"((?:['`]|[\\x{2018}-\\x{201f}\\x{2039}\\x{203a}\\x{ab}\\x{bb}]){1,2})", Treatment::kQuote},
    {"(--+|[\\x{2013}-\\x{2015}])", Treatment::kQuote},
    {"(@+|#+|_+|\\*+)"},
    {"([A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+)"},
    {"(" GVL_THING "(?:-" GVL_THING ")*)"},
    {"([A-Za-z0-9][A-Za-z0-9.,]*(?:-(?:[A-Za-z0-9]+|[A-Za-z](?:\\.[A-Za-z])+\\.))+)"},
    {"([^\\s\\p{C}])"},
};

#undef GVL_SENTENCE_START
#undef GVL_THING
#undef GVL_NUMBER
#undef GVL_CLITIC
#undef GVL_APOSTROPHE
#undef GVL_WORD

struct FreeRegex {
  void operator()(GRegex* regex) const { g_regex_unref(regex); }
};
using Regex = std::unique_ptr<GRegex, FreeRegex>;

const std::vector<Regex>& expressions() {
  static const std::vector<Regex> all = [] {
    std::vector<Regex> compiled;
    for (const Rule& rule : kRules) {
      GError* error = nullptr;
      compiled.emplace_back(g_regex_new(rule.expression, G_REGEX_OPTIMIZE, G_REGEX_MATCH_ANCHORED, &error));
      if (error) g_error("%s: %s", rule.expression, error->message);
    }
    return compiled;
  }();
  return all;
}

/** What a rule makes of the text at a place. */
struct Match {
  std::size_t length = 0;  ///< bytes, with what has to follow
  std::size_t token = 0;   ///< bytes of the token
  Treatment treatment = Treatment::kNone;
};

Match match_at(const std::string& text, std::size_t at) {
  Match best;
  for (std::size_t i = 0; i < std::size(kRules); ++i) {
    GMatchInfo* info = nullptr;
    const bool matches = g_regex_match_full(expressions()[i].get(), text.c_str(), static_cast<gssize>(text.size()),
                                            static_cast<gint>(at), G_REGEX_MATCH_ANCHORED, &info, nullptr);
    int start = 0, end = 0, token_end = 0;
    if (matches && g_match_info_fetch_pos(info, 0, &start, &end) &&
        g_match_info_fetch_pos(info, 1, nullptr, &token_end)) {
      const auto length = static_cast<std::size_t>(end) - at;
      if (length > best.length) best = {length, static_cast<std::size_t>(token_end) - at, kRules[i].treatment};
    }
    g_match_info_free(info);
  }
  return best;
}

/** What stands for a token that has characters of its own in the Treebank. */
std::string written(const std::string& token) {
  static const std::map<std::string, std::string> kSigns{{"&amp;", "&"}, {"&lt;", "<"},  {"&gt;", ">"},
                                                         {"[", "-lsb-"}, {"]", "-rsb-"}, {"{", "-lcb-"},
                                                         {"}", "-rcb-"}, {"\u20ac", "$"}};
  const auto sign = kSigns.find(token);
  if (sign != kSigns.end()) return sign->second;
  std::string result;
  for (const char c : token) result += c == '(' ? "-lrb-" : c == ')' ? "-rrb-" : std::string(1, c);
  return encoded(lowered(decoded(result)));
}

bool is_punctuation(const std::string& token) {
  static const std::set<std::string> kMarks{"''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"};
  return kMarks.contains(token);
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string ptb_tokenized(std::string_view caption) {
  std::u32string characters = decoded(caption);
  std::replace_if(
      characters.begin(), characters.end(), [](char32_t c) { return c < U' ' && c != U'\n'; }, U' ');
  const std::string text = encoded(characters);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Match match = is_space(text[at]) ? Match{} : match_at(text, at);
    if (match.token == 0) {
      at = static_cast<std::size_t>(g_utf8_next_char(text.c_str() + at) - text.c_str());
      continue;
    }
    std::string token = text.substr(at, match.token);
    at += match.token;
    if (match.treatment == Treatment::kQuote) continue;
    if (match.treatment == Treatment::kWord) token = american_spelling(std::move(token));
    token = written(token);
    if (is_punctuation(token)) continue;
    result += (result.empty() ? "" : " ") + token;
  }
  return result;
}

std::string without_non_ascii(std::string_view caption) {
  std::string result;
  for (const char32_t c : decoded(caption)) result += c < 0x80 ? static_cast<char>(c) : ' ';
  return result;
}

}  // namespace gvl::evaluation
