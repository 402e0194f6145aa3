/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/annotation.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "annotation/moments.hpp"
#include "annotation/video_name.hpp"
#include "evaluation/benchmarks/qvhighlights_file.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/captions/dense_caption_files.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::annotation {
namespace {

namespace fs = std::filesystem;
using evaluation::Interval;
using evaluation::video_time;
using io::JsonValue;

double duration_of(const JsonValue& record) {
  const JsonValue value = record.at("duration");
  const double duration = video_time(value, 0);
  if (duration == 0) throw value.error("must be above 0");
  return duration;
}

Interval window_of(const JsonValue& value) {
  const auto ends = value.elements();
  if (ends.size() != 2) throw value.error("has " + std::to_string(ends.size()) + " elements, not start and stop");
  return {video_time(ends[0], 0), video_time(ends[1], 0)};
}

/** A value that names a video. */
std::string checked_name(const JsonValue& value) {
  const std::string name = value.as_string();
  if (const auto fault = fault_of_video_name(name)) throw value.error(io::quote(name) + " " + *fault);
  return name;
}

std::string caption_of(const JsonValue& value) {
  const std::string caption = value.as_string();
  if (caption.size() > evaluation::kLongestSentence) throw value.error("is longer than 8 KiB");
  return caption;
}

Annotation read_activitynet(const fs::path& file) {
  // All of ActivityNet-Captions is 8 MB.
  constexpr io::JsonLimits kLimits{.bytes = std::size_t{256} << 20, .values = std::size_t{16} << 20};
  const auto root = JsonValue::load(file, kLimits);
  Videos videos;
  const auto members = root.members();
  if (const auto twice = root.repeated_member())
    throw root.error("has the video " + io::quote(*twice) + " a second time");
  for (const auto& [name, record] : members) {
    if (const auto fault = fault_of_video_name(name)) throw record.error("its name " + *fault);
    const auto times = record.array("timestamps").elements(), sentences = record.array("sentences").elements();
    if (times.size() != sentences.size()) {
      throw record.error("has " + std::to_string(times.size()) + " times and " + std::to_string(sentences.size()) +
                         " sentences");
    }
    require_moments(record, times.size());
    const std::size_t place = videos.add(record, name, duration_of(record));
    for (std::size_t i = 0; i < times.size(); ++i)
      videos.add_moment(place, window_of(times[i]), caption_of(sentences[i]));
  }
  if (videos.empty()) throw root.error("has no videos");
  return videos.take();
}

Annotation read_qvhighlights(const fs::path& file) {
  Videos videos;
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> known;  // places, and how many moments there are
  evaluation::for_each_qvhighlights_line(file, [&](const std::string&, const JsonValue& record) {
    const std::string name = checked_name(record.at("vid"));
    const double duration = duration_of(record);
    const auto found = known.find(name);
    const std::size_t place = found != known.end() ? found->second.first : videos.add(record, name, duration);
    if (videos.duration_of(place) != duration)
      throw record.at("duration").error("is another one than " + io::quote(name) + " had before");
    const std::string caption = caption_of(record.at("query"));
    const auto windows = record.array("relevant_windows").elements();
    std::size_t& count = known.emplace(name, std::pair(place, std::size_t{0})).first->second.second;
    require_moments(record, count += windows.size());
    for (const JsonValue& window : windows) videos.add_moment(place, window_of(window), caption);
  });
  return videos.take();
}

Annotation read_captions(const fs::path& file) {
  Videos videos;
  JsonLines lines(file);
  for (std::string line; lines.next(line);) {
    const std::string place = file.string() + ": line " + std::to_string(lines.number());
    const auto record = JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    record.allow_members({"video", "duration", "captions"});
    const auto captions = record.array("captions").elements();
    require_moments(record, captions.size());
    const std::size_t video = videos.add(record, checked_name(record.at("video")), duration_of(record));
    for (const JsonValue& caption : captions) {
      caption.allow_members({"start", "stop", "text"});
      const Interval time{video_time(caption.at("start"), 0), video_time(caption.at("stop"), 0)};
      videos.add_moment(video, time, caption_of(caption.at("text")));
    }
  }
  if (videos.empty()) throw Error(ErrorCode::kMalformed, file.string() + ": has no videos");
  return videos.take();
}

}  // namespace

Annotation read_annotation(AnnotationFormat format, const fs::path& file) {
  switch (format) {
    case AnnotationFormat::kActivityNetCaptions:
      return read_activitynet(file);
    case AnnotationFormat::kQvHighlights:
      return read_qvhighlights(file);
    case AnnotationFormat::kCaptions:
      return read_captions(file);
  }
  throw Error(ErrorCode::kInvalidArgument, "no such format");
}

}  // namespace gvl::annotation
