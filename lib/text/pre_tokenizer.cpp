#include "text/pre_tokenizer.hpp"

#include <optional>
#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/byte_alphabet.hpp"
#include "text/limits.hpp"
#include "text/regex.hpp"

namespace gvl::text {
namespace {

constexpr const char* kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/** As Oniguruma's Ruby syntax has it: ^ and $ at every line, which \n alone ends. */
GRegex* compile(const char* pattern, GError** error) {
  constexpr int kFlags = G_REGEX_OPTIMIZE | G_REGEX_MULTILINE | G_REGEX_NEWLINE_LF;
  return g_regex_new(pattern, static_cast<GRegexCompileFlags>(kFlags), static_cast<GRegexMatchFlags>(0), error);
}

/**
 * What a pattern is matched against. PCRE2's \s has U+180E, which is no white space since Unicode 6.3 and not for
 * Oniguruma; U+2060 in its place has the same length and category.
 */
std::string subject_of(const std::string& text) {
  static const std::string kVowelSeparator = "\xE1\xA0\x8E";
  static const std::string kWordJoiner = "\xE2\x81\xA0";
  std::string subject = text;
  for (std::size_t at = 0; (at = subject.find(kVowelSeparator, at)) != subject.npos; at += kWordJoiner.size()) {
    subject.replace(at, kWordJoiner.size(), kWordJoiner);
  }
  return subject;
}

bool within_character(const std::string& text, std::size_t position) {
  return position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80;
}

}  // namespace

SplitPattern::SplitPattern(const std::string& pattern, const io::JsonValue& place) {
  // Set operations in brackets are Oniguruma's own; PCRE2 would read them as characters.
  if (pattern.find("&&") != pattern.npos) throw place.error("&& is not supported", ErrorCode::kUnsupported);
  GError* error = nullptr;
  GRegex* regex = compile(pattern.c_str(), &error);
  if (!regex) {
    const RegexError owned(error);
    throw place.error(owned->message);
  }
  regex_ = std::shared_ptr<GRegex>(regex, g_regex_unref);
}

SplitPattern::SplitPattern(const char* pattern)
    : regex_(std::shared_ptr<GRegex>(compile(pattern, nullptr), g_regex_unref)) {}

void SplitPattern::split(const std::string& text, bool drop_matches, std::vector<std::string>& words) const {
  std::size_t done = 0;
  const auto append = [&](std::size_t start, std::size_t stop) {
    if (start < stop) words.push_back(text.substr(start, stop - start));
  };
  const auto visit = [&](const GMatchInfo*, std::size_t start, std::size_t stop) {
    if (start < done || stop < start || within_character(text, start) || within_character(text, stop)) {
      throw Error(ErrorCode::kUnsupported, "the tokenizer's Split pattern matches within a character or backwards");
    }
    append(done, start);
    if (!drop_matches) append(start, stop);
    done = stop;
  };
  if (const RegexError error = for_each_match(regex_.get(), subject_of(text), visit)) {
    throw Error(ErrorCode::kResource, std::string("the tokenizer's Split pattern: ") + error->message);
  }
  append(done, text.size());
}

PreTokenizer::PreTokenizer(const io::JsonValue& pre_tokenizer) {
  add_steps(pre_tokenizer);
  require_steps(pre_tokenizer, steps_.size());
}

void PreTokenizer::add_steps(const io::JsonValue& pre_tokenizer) {
  const std::string type = pre_tokenizer.string("type");
  if (type == "Sequence") {
    for (const io::JsonValue& step : pre_tokenizer.at("pretokenizers").elements()) add_steps(step);
  } else if (type == "Split") {
    add_split(pre_tokenizer);
  } else if (type == "ByteLevel") {
    add_byte_level(pre_tokenizer);
  } else {
    throw unsupported_type(pre_tokenizer, type);
  }
}

void PreTokenizer::add_split(const io::JsonValue& split) {
  const std::string behavior = split.string("behavior");
  if (behavior != "Isolated" && behavior != "Removed") {
    throw split.at("behavior").error(io::quote(behavior) + " is not supported", ErrorCode::kUnsupported);
  }
  if (split.boolean_or("invert", false)) {
    throw split.at("invert").error("only false is supported", ErrorCode::kUnsupported);
  }
  const io::JsonValue pattern = split.object("pattern");
  Step step;
  step.drop_matches = behavior == "Removed";
  if (const auto regex = pattern.find("Regex")) {
    step.pattern = std::make_shared<SplitPattern>(regex->as_string(), *regex);
  } else {
    const std::unique_ptr<char, decltype(&g_free)> escaped(g_regex_escape_string(string_pattern(pattern).c_str(), -1),
                                                           g_free);
    step.pattern = std::make_shared<SplitPattern>(escaped.get(), pattern);
  }
  steps_.push_back(std::move(step));
}

void PreTokenizer::add_byte_level(const io::JsonValue& byte_level) {
  for (const Step& step : steps_) {
    if (step.byte_level) throw byte_level.error("a second ByteLevel is not supported", ErrorCode::kUnsupported);
  }
  Step step;
  step.byte_level = true;
  step.add_prefix_space = byte_level.boolean("add_prefix_space");
  if (byte_level.boolean_or("use_regex", true)) {
    static const auto gpt2 = std::make_shared<const SplitPattern>(kGpt2Pattern);
    step.pattern = gpt2;
  }
  steps_.push_back(std::move(step));
}

std::vector<std::string> PreTokenizer::split(std::string text) const {
  std::vector<std::string> words;
  words.push_back(std::move(text));
  for (const Step& step : steps_) {
    std::vector<std::string> parts;
    for (std::string& word : words) apply(step, std::move(word), parts);
    words = std::move(parts);
  }
  return words;
}

void PreTokenizer::apply(const Step& step, std::string word, std::vector<std::string>& words) {
  if (step.add_prefix_space && word.front() != ' ') word.insert(word.begin(), ' ');
  const std::size_t first = words.size();
  if (step.pattern) {
    step.pattern->split(word, step.drop_matches, words);
  } else {
    words.push_back(std::move(word));
  }
  if (!step.byte_level) return;
  for (std::size_t i = first; i < words.size(); ++i) words[i] = to_byte_alphabet(words[i]);
}

}  // namespace gvl::text
