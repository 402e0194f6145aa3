/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <unordered_map>
#include <utility>

#include "annotation/annotation.hpp"
#include "annotation/moments.hpp"
#include "annotation/video_name.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::annotation {
namespace {

namespace fs = std::filesystem;
using io::JsonValue;

constexpr double kNanoseconds = 1e9;  // in a second

double seconds_of(const JsonValue& value) {
  constexpr std::int64_t kLongest = 1'000'000'000'000'000'000;
  return static_cast<double>(value.as_integer(0, kLongest)) / kNanoseconds;
}

/** Where errors say that a video's name is, which the line may lack. */
JsonValue place_in(const JsonValue& event) { return event.find("file").value_or(event); }

/** Whether nothing is left of a text without angle brackets and full stops, which labels lack. */
bool has_no_words(const std::string& text) { return text.find_first_not_of("<>. ") == text.npos; }

/** "a.mkv" of "/videos/a.mkv" and "file:///videos/a.mkv". */
std::string last_part(const std::string& file, const JsonValue& event) {
  const std::string name = file.substr(file.rfind('/') + 1);
  if (const auto fault = fault_of_video_name(name)) throw place_in(event).error(io::quote(file) + " " + *fault);
  return name;
}

/** The events of a file as they are read. */
class Labels {
 public:
  explicit Labels(const EventLabelOptions& options) : options_(options) {}

  void add(const JsonValue& event) {
    const bool is_query = event.string_or("task", "grounding") == "grounding";
    Videos& videos = is_query ? queries_ : captions_;
    const std::size_t video = place_of(event, is_query);
    const std::string caption = event.string_or(is_query ? "query" : "text", "");
    if (caption.size() > kLongestCaption) throw event.error("has a text longer than 8 KiB");
    if (has_no_words(caption)) return videos.reject(video, caption, "the caption is empty");
    const std::string state = event.string_or("state", "closed");
    if (state != "closed") return videos.reject(video, caption, "the event is not closed");
    const double confidence = event.number_or("confidence", 1);
    if (confidence < options_.min_confidence) return videos.reject(video, caption, "the event is too unsure");
    const double start = seconds_of(event.at("start")), stop = seconds_of(event.at("stop"));
    if (stop < start) throw event.at("stop").error("is before its start");
    videos.add_moment(video, {start, stop}, caption);
  }

  EventLabels take() { return {queries_.take(), captions_.take()}; }

 private:
  static constexpr std::size_t kLongestCaption = std::size_t{1} << 13;

  std::size_t place_of(const JsonValue& event, bool is_query) {
    const std::string file = event.has("file") || options_.video.empty() ? event.string("file") : options_.video;
    const std::string name = last_part(file, event);
    Places& places = is_query ? query_places_ : caption_places_;
    const auto other = files_.emplace(name, file).first;
    if (other->second != file) {
      throw place_in(event).error(io::quote(file) + " ends as " + io::quote(other->second) +
                                  " does, and labels name videos by that");
    }
    const auto found = places.find(name);
    if (found != places.end()) return found->second;
    return places[name] = (is_query ? queries_ : captions_).add(event, name, std::nullopt);
  }

  using Places = std::unordered_map<std::string, std::size_t>;

  const EventLabelOptions& options_;
  Videos queries_, captions_;
  Places query_places_, caption_places_;
  std::unordered_map<std::string, std::string> files_;  // by the last parts of their names
};

}  // namespace

EventLabels read_event_labels(const fs::path& file, const EventLabelOptions& options) {
  Labels labels(options);
  JsonLines lines(file);
  std::size_t events = 0;
  for (std::string line; lines.next(line);) {
    const std::string place = file.string() + ": line " + std::to_string(lines.number());
    const auto event = JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    // An answer in words, or that nothing was found.
    if (event.has("found")) continue;
    labels.add(event);
    ++events;
  }
  if (events == 0) throw Error(ErrorCode::kMalformed, file.string() + ": has no events");
  return labels.take();
}

}  // namespace gvl::annotation
