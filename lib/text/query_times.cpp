/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/query_times.hpp"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "text/regex.hpp"
#include "text/temporal.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

enum class Unit { kNone, kSeconds, kMinutes };

struct Time {
  double value = 0;                      // in units
  Unit unit = Unit::kNone;               // none: a plain number
  bool clock = false;                    // "1:30", value in seconds
  std::optional<std::int64_t> temporal;  // "<50>"
};

// A number; then times that say what they are; then any time. Digits are ASCII ones: [0-9], not \d.
#define NUMBER R"((?:[0-9]+(?:\.[0-9]+)?))"
#define SECONDS NUMBER R"(\s*(?:seconds?|secs?|s))"
#define MINUTES NUMBER R"(\s*(?:minutes?|mins?))"
#define CLOCK R"([0-9]+(?::[0-5][0-9]){1,2}(?:\.[0-9]+)?)"
#define WITH_UNIT "(?:" CLOCK "|" MINUTES R"((?:\s*(?:and\s+)?)" SECONDS ")?|" SECONDS ")"
#define ANY "(?:" WITH_UNIT R"((?!\w)|)" NUMBER ")"
// Where a time may begin and end: not within a word, a longer number or a temporal token.
#define BEGIN R"((?<![\w.:<\-]))"
#define END R"((?!\w|[.:][0-9]|>))"
#define TO R"((?:\s*[-–—]\s*|\s+(?:to|until|till|through)\s+))"
#define TO_OR_AND R"((?:\s*[-–—]\s*|\s+(?:to|until|till|through|and)\s+))"

constexpr const char* kTimes =
    R"(\b(?<preposition>from|between)\s+(?<a1>)" ANY ")" END TO_OR_AND "(?<b1>" ANY ")" END "|" BEGIN "(?<a2>" ANY
    ")" END TO_OR_AND "(?<b2>" WITH_UNIT ")" END "|" BEGIN "(?<a3>" WITH_UNIT ")" END TO "(?<b3>" ANY ")" END "|" BEGIN
    "(?<single>" WITH_UNIT ")" END R"(|<(?<token>[0-9]+)>)";

constexpr const char* kBareRange =
    R"(^(?:(?:from|between)\s+)?(?<a>)" ANY "|<[0-9]+>)" TO_OR_AND "(?<b>" ANY R"(|<[0-9]+>)\s*[.?!]*$)";

GRegex* compile(const char* pattern) {
  return g_regex_new(pattern, static_cast<GRegexCompileFlags>(G_REGEX_CASELESS | G_REGEX_OPTIMIZE),
                     static_cast<GRegexMatchFlags>(0), nullptr);
}

std::optional<std::string> group(const GMatchInfo* match, const char* name) {
  const std::unique_ptr<char, decltype(&g_free)> text(g_match_info_fetch_named(match, name), g_free);
  if (!text || !*text) return std::nullopt;
  return std::string(text.get());
}

/** Takes a number off the start of `text`; one too large for a double is as large as a double can be. */
double take_number(std::string_view& text) {
  double number = std::numeric_limits<double>::max();
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
  return number;
}

/** "1 minute and 30 seconds", "1:30", "7.5 s", "7", "<50>": what the patterns above let through. */
Time parse_time(std::string_view text) {
  const auto skip_until = [&](auto wanted) {
    while (!text.empty() && !wanted(text.front())) text.remove_prefix(1);
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.front() == '<') {
    text.remove_prefix(1);
    return {0, Unit::kNone, false, static_cast<std::int64_t>(std::min(take_number(text), 1e9))};
  }
  Time time{take_number(text), Unit::kNone, false, std::nullopt};
  if (!text.empty() && text.front() == ':') {
    time.clock = true;
    while (!text.empty()) {
      skip_until(is_digit);
      time.value = time.value * 60 + take_number(text);
    }
    return time;
  }
  skip_until([](char c) { return g_ascii_isalpha(c) != 0; });
  if (text.empty()) return time;
  time.unit = g_ascii_tolower(text.front()) == 'm' ? Unit::kMinutes : Unit::kSeconds;
  skip_until(is_digit);
  if (!text.empty()) time.value += take_number(text) / 60;
  return time;
}

class TimeReader {
 public:
  TimeReader(const TimeScale& scale, std::int64_t temporal_tokens) : scale_(scale), temporal_tokens_(temporal_tokens) {
    to_temporal(0, scale, temporal_tokens);  // throws for a duration that is none
  }

  TimedQuery read(const std::string& query) {
    if (read_bare_range(query)) return std::move(result_);
    static GRegex* const times = compile(kTimes);
    std::size_t done = 0;
    for_each_match(times, query, [&](const GMatchInfo* match, std::size_t start, std::size_t stop) {
      result_.text.append(query, done, start - done);
      done = stop;
      replace(match, query.substr(start, stop - start));
    });
    result_.text.append(query, done);
    return std::move(result_);
  }

 private:
  bool read_bare_range(const std::string& query) {
    static GRegex* const bare_range = compile(kBareRange);
    for_each_match(bare_range, query, [&](const GMatchInfo* match, std::size_t, std::size_t) {
      result_.bare = true;
      write_range(*group(match, "a"), *group(match, "b"), "from");
    });
    return result_.bare;
  }

  void replace(const GMatchInfo* match, const std::string& text) {
    if (const auto token = group(match, "token")) {
      const std::int64_t temporal = *parse_time("<" + *token).temporal;
      if (temporal <= temporal_tokens_) result_.temporals.push_back(temporal);
      result_.text += text;
    } else if (const auto single = group(match, "single")) {
      write(parse_time(*single));
    } else if (const auto preposition = group(match, "preposition")) {
      write_range(*group(match, "a1"), *group(match, "b1"), *preposition);
    } else if (const auto first = group(match, "a2")) {
      write_range(*first, *group(match, "b2"), "");
    } else {
      write_range(*group(match, "a3"), *group(match, "b3"), "");
    }
  }

  void write_range(const std::string& first, const std::string& second, const std::string& preposition) {
    Time from = parse_time(first);
    Time to = parse_time(second);
    if (from.unit == Unit::kNone && !from.clock) from.unit = to.unit;
    if (to.unit == Unit::kNone && !to.clock) to.unit = from.unit;
    result_.text += preposition;
    write(from);
    result_.text += g_ascii_strcasecmp(preposition.c_str(), "between") == 0 ? " and" : " to";
    write(to);
  }

  /** Behind a space: without it the tokenizer of Phi does not know a temporal token. */
  void write(const Time& time) {
    const double seconds = time.value * (time.unit == Unit::kMinutes ? 60 : 1);
    if (!time.temporal) result_.seconds.push_back(seconds);
    const std::int64_t temporal = time.temporal ? std::min(*time.temporal, temporal_tokens_)
                                                : to_temporal(place_of(seconds), scale_, temporal_tokens_);
    if (result_.text.empty() || trailing_white_space(result_.text) == 0) result_.text += ' ';
    result_.text += temporal_name(temporal);
    result_.temporals.push_back(temporal);
  }

  double place_of(double seconds) const { return std::clamp(seconds - scale_.start(), 0.0, scale_.duration()); }

  const TimeScale& scale_;
  std::int64_t temporal_tokens_;
  TimedQuery result_;
};

}  // namespace

TimedQuery read_times(std::string_view query, const TimeScale& scale, std::int64_t temporal_tokens) {
  return TimeReader(scale, temporal_tokens).read(std::string(query));
}

}  // namespace gvl::text
