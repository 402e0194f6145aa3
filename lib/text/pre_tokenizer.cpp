/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/pre_tokenizer.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/byte_alphabet.hpp"
#include "text/limits.hpp"

namespace gvl::text {
namespace {

constexpr const char* kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr std::size_t kLongestPattern = std::size_t{64} << 10;
constexpr std::uint32_t kMatchMemory = 16 << 10;  // KiB

struct Free {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string message_of(int error) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(error, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

/**
 * As Oniguruma's Ruby syntax has it: ^ and $ at every line, which \n alone ends. Calls out before each item, where its
 * work is counted: PCRE2's own limits are for each place where a match could begin, not for a whole text.
 */
std::shared_ptr<const pcre2_code> compile(std::string_view pattern, std::string& error) {
  const std::unique_ptr<pcre2_compile_context, Free> context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
  pcre2_set_max_pattern_length(context.get(), kLongestPattern);
  constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_AUTO_CALLOUT;
  int failure = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kOptions, &failure,
                                   &place, context.get());
  if (!code) error = "not a regular expression: " + message_of(failure) + " (character " + std::to_string(place) + ")";
  return std::shared_ptr<const pcre2_code>(code,
                                           [](const pcre2_code* c) { pcre2_code_free(const_cast<pcre2_code*>(c)); });
}

/** The work of matching, as PCRE2 calls out for it. */
struct Work {
  static constexpr std::size_t kCallout = 8;  // some ten nanoseconds

  std::size_t allowed = 0;
  std::size_t done = 0;
  std::size_t position = 0;

  static int count(pcre2_callout_block* block, void* data) {
    Work& work = *static_cast<Work*>(data);
    const std::size_t now = block->current_position;
    work.done += kCallout + (now > work.position ? now - work.position : work.position - now);
    work.position = now;
    return work.done > work.allowed ? PCRE2_ERROR_MATCHLIMIT : 0;
  }
};

/** One pattern over one text, match by match. */
class Matcher {
 public:
  Matcher(const pcre2_code* code, const std::string& subject, io::Budget& budget)
      : code_(code),
        subject_(subject),
        budget_(budget),
        work_{budget.steps_left()},
        context_(pcre2_match_context_create(nullptr)),
        data_(pcre2_match_data_create_from_pattern(code, nullptr)) {
    pcre2_set_heap_limit(context_.get(), kMatchMemory);
    pcre2_set_callout(context_.get(), Work::count, &work_);
  }
  ~Matcher() { budget_.take_steps(std::min(work_.done, budget_.steps_left())); }
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  /** The next match from `start` on. */
  bool next(std::size_t start) {
    work_.done += Work::kCallout;
    const int found = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(subject_.data()), subject_.size(), start,
                                  PCRE2_NO_UTF_CHECK, data_.get(), context_.get());
    if (found == PCRE2_ERROR_NOMATCH) return false;
    if (found >= 0) return true;
    throw Error(ErrorCode::kResource,
                "the tokenizer's Split pattern takes too many steps or too much memory for a text "
                "of " +
                    std::to_string(subject_.size()) + " bytes: " + message_of(found));
  }
  std::size_t start() const { return pcre2_get_ovector_pointer(data_.get())[0]; }
  std::size_t stop() const { return pcre2_get_ovector_pointer(data_.get())[1]; }

 private:
  const pcre2_code* code_;
  const std::string& subject_;
  io::Budget& budget_;
  Work work_;
  std::unique_ptr<pcre2_match_context, Free> context_;
  std::unique_ptr<pcre2_match_data, Free> data_;
};

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

/** A pattern for the text itself. */
std::string quoted(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("\\|()[]{}^$*+?.").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

bool within_character(const std::string& text, std::size_t position) {
  return position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80;
}

}  // namespace

SplitPattern::SplitPattern(const std::string& pattern, const io::JsonValue& place) {
  // Set operations in brackets are Oniguruma's own; PCRE2 would read them as characters.
  if (pattern.find("&&") != pattern.npos) throw place.error("&& is not supported", ErrorCode::kUnsupported);
  std::string error;
  code_ = compile(pattern, error);
  if (!code_) throw place.error(error);
}

SplitPattern::SplitPattern(const char* pattern) {
  std::string error;
  code_ = compile(pattern, error);
}

std::size_t SplitPattern::memory() const {
  std::size_t bytes = 0;
  pcre2_pattern_info(code_.get(), PCRE2_INFO_SIZE, &bytes);
  return bytes;
}

void SplitPattern::visit(const std::string& text, io::Budget& work, const VisitRange& visit) const {
  work.take_steps(text.size());
  const std::string subject = subject_of(text);
  std::size_t done = 0;
  const auto append = [&](std::size_t start, std::size_t stop, bool match) {
    if (start < stop) visit(start, stop, match);
  };
  Matcher matcher(code_.get(), subject, work);
  for (std::size_t from = 0; from <= subject.size() && matcher.next(from);) {
    const std::size_t start = matcher.start();
    const std::size_t stop = matcher.stop();
    if (start < done || stop < start || within_character(text, start) || within_character(text, stop)) {
      throw Error(ErrorCode::kUnsupported, "the tokenizer's Split pattern matches within a character or backwards");
    }
    append(done, start, false);
    append(start, stop, true);
    done = stop;
    from = std::max(from, stop);
    if (start < stop) continue;
    do {
      ++from;  // behind an empty match the next one is sought a character on
    } while (within_character(text, from));
  }
  append(done, text.size(), false);
}

PreTokenizer::PreTokenizer(const io::JsonValue& pre_tokenizer) { add_steps(pre_tokenizer); }

std::size_t PreTokenizer::memory() const {
  std::size_t bytes = 0;
  for (const Step& step : steps_) bytes += step.pattern ? step.pattern->memory() : 0;
  return bytes;
}

void PreTokenizer::add_steps(const io::JsonValue& pre_tokenizer) {
  const std::string type = pre_tokenizer.string("type");
  if (type != "Sequence") require_steps(pre_tokenizer, steps_.size());
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
  const io::JsonValue pattern = split.object("pattern");
  Step step;
  const bool inverted = split.boolean_or("invert", false);
  if (behavior == "Removed") (inverted ? step.keeps_rest : step.keeps_matches) = false;
  if (const auto regex = pattern.find("Regex")) {
    step.pattern = std::make_shared<SplitPattern>(regex->as_string(), *regex);
  } else {
    step.pattern = std::make_shared<SplitPattern>(quoted(string_pattern(pattern)), pattern);
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

void PreTokenizer::apply(std::size_t step, std::string word, io::Budget& work, const VisitWord& visit) const {
  if (step == steps_.size()) return visit(std::move(word));
  const Step& now = steps_[step];
  if (now.add_prefix_space && word.front() != ' ') word.insert(word.begin(), ' ');
  const VisitWord go_on = [&](std::string part) {
    apply(step + 1, now.byte_level ? to_byte_alphabet(part) : std::move(part), work, visit);
  };
  if (now.pattern) {
    now.pattern->visit(word, work, [&](std::size_t start, std::size_t stop, bool match) {
      if (match ? now.keeps_matches : now.keeps_rest) go_on(word.substr(start, stop - start));
    });
  } else {
    go_on(std::move(word));
  }
}

}  // namespace gvl::text
