/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/vtimellm_log.hpp"

#include <glib.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/captions/sequence_ratio.hpp"
#include "evaluation/unicode.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;
using io::JsonValue;

/** As the script has them: hundredths of the video, both included. */
struct Item {
  std::string sentence;
  int start, stop;
};

/** Python's re.search(r'\[.*\]', text). */
std::optional<std::string> bracketed(const std::string& text) {
  for (std::size_t open = text.find('['); open != text.npos; open = text.find('[', open + 1)) {
    const std::size_t end = std::min(text.find('\n', open), text.size());
    const std::size_t close = text.rfind(']', end - 1);
    if (close != text.npos && close > open) return text.substr(open, close + 1 - open);
  }
  return std::nullopt;
}

/** Python's int() of two characters at most; none where it raises. */
std::optional<int> number_in(std::u32string text) {
  while (!text.empty() && g_unichar_isspace(text.front())) text.erase(0, 1);
  while (!text.empty() && g_unichar_isspace(text.back())) text.pop_back();
  const bool is_signed = !text.empty() && (text[0] == U'-' || text[0] == U'+');
  const bool is_negative = is_signed && text[0] == U'-';
  if (is_signed) text.erase(0, 1);
  if (text.empty()) return std::nullopt;
  int number = 0;
  for (const char32_t c : text) {
    if (g_unichar_type(c) != G_UNICODE_DECIMAL_NUMBER) return std::nullopt;
    number = 10 * number + g_unichar_digit_value(c);
  }
  return is_negative ? -number : number;
}

std::optional<Item> item_of(const JsonValue& record) {
  const auto said = record.is_object() ? record.find("timestamps") : std::nullopt;
  const auto event = record.is_object() ? record.find("event") : std::nullopt;
  if (!said || !said->is_string() || !event || !event->is_string()) return std::nullopt;
  constexpr std::size_t kFirst = 5, kDigits = 2;
  const std::u32string times = decoded(said->as_string());
  const auto start = number_in(times.size() > kFirst ? times.substr(kFirst, kDigits) : U"");
  const auto stop = number_in(times.substr(times.size() - std::min(times.size(), kDigits)));
  if (!start || !stop) return std::nullopt;
  return Item{event->as_string(), *start, *stop};
}

std::vector<Item> items_in(const std::string& answer) {
  std::vector<Item> items;
  const auto list = bracketed(answer);
  if (!list) return items;
  try {
    for (const JsonValue& record : JsonValue::parse(*list, "the answer").elements()) {
      auto item = item_of(record);
      if (!item) break;
      items.push_back(std::move(*item));
    }
  } catch (const Error&) {
    // The script goes on with what it has, which of a list that is no JSON is nothing.
  }
  return items;
}

std::vector<Item> merged(const std::vector<Item>& items) {
  constexpr double kAlike = 0.98;
  std::vector<Item> kept;
  for (const Item& item : items) {
    const bool is_near = !kept.empty() && std::abs(item.start - kept.back().stop) <= 1;
    if (is_near && sequence_ratio(decoded(kept.back().sentence), decoded(item.sentence)) > kAlike) {
      kept.back().stop = item.stop;
    } else {
      kept.push_back(item);
    }
  }
  return kept;
}

Captions captions_of(const std::vector<Item>& items, double duration, const JsonValue& record) {
  Captions captions;
  for (const Item& item : items) {
    if (item.sentence.size() > kLongestSentence) throw record.at("answer").error("has a sentence longer than 8 KiB");
    captions.push_back({{item.start * duration / 100, (item.stop + 1) * duration / 100}, item.sentence});
  }
  return captions;
}

}  // namespace

CaptionFile read_vtimellm_log(const fs::path& log, const fs::path& annotation) {
  const auto annotated = JsonValue::load(annotation);
  CaptionFile read{log, {}};
  JsonLines lines(log);
  for (std::string line; lines.next(line);) {
    const std::string place = log.string() + ": line " + std::to_string(lines.number());
    const auto record = JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    if (record.string("task") != "captioning") continue;
    const std::string video = record.string("video_id");
    const auto of_video = annotated.find(video);
    if (!of_video) throw record.at("video_id").error(io::quote(video) + " is not in " + annotation.string());
    const double duration = video_time(of_video->at("duration"), 0);
    read.videos[video] = captions_of(merged(items_in(record.string("answer"))), duration, record);
  }
  return read;
}

}  // namespace gvl::evaluation
