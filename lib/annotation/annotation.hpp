/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/grounding.hpp"

/** Questions about videos that have captions with times. */
namespace gvl::annotation {

/** What happens in a video, as somebody wrote it down. */
struct Moment {
  evaluation::Interval time;  ///< seconds
  std::string caption;        ///< UTF-8, without line breaks
};

struct AnnotatedVideo {
  std::string name;                ///< as the annotation has it; as a path it stays in its folder
  std::optional<double> duration;  ///< seconds; none where the annotation does not say
  std::vector<Moment> moments;     ///< by their starts
};

/** What is not used, and why; reasons are few, so that they can be counted. */
struct Rejection {
  std::string video;
  std::string what;  ///< the caption, question or answer
  std::string reason;
};

struct Annotation {
  std::vector<AnnotatedVideo> videos;  ///< as the file has them, each with a moment
  std::vector<Rejection> rejected;
};

enum class AnnotationFormat { kActivityNetCaptions, kQvHighlights, kCaptions };

inline constexpr evaluation::NameTable<AnnotationFormat, 3> kAnnotationFormats{
    {{AnnotationFormat::kActivityNetCaptions, "activitynet-captions"},
     {AnnotationFormat::kQvHighlights, "qvhighlights"},
     {AnnotationFormat::kCaptions, "captions"}}};

/**
 * Reads videos with captions: ActivityNet-Captions (a JSON object `{VIDEO: {"duration", "timestamps", "sentences"}}`),
 * QVHighlights (JSON lines with "vid", "duration", "query" and "relevant_windows"; each window is a moment), or JSON
 * lines `{"video", "duration", "captions": [{"start", "stop", "text"}, ...]}` of at most 1 MiB. Times are in seconds,
 * from 0 to 1e9. As published files have them, times may be reversed and may reach behind the video's end, where they
 * are cut; a moment that then has no length is rejected, and so is a video without moments. Anything else that is not
 * of the form, a video that is there twice, and a name that leads out of a folder is Error(kMalformed) naming file and
 * record. Throws also what JsonLines and JsonValue::load() throw.
 */
Annotation read_annotation(AnnotationFormat format, const std::filesystem::path& file);

/** Events of videos as labels. */
struct EventLabels {
  Annotation queries;   ///< what was asked for: a moment's caption is the query
  Annotation captions;  ///< what nobody asked for, dense captions: the event's text
};

struct EventLabelOptions {
  double min_confidence = 0;
  std::string video;  ///< of events that do not say which; empty: each has to
};

/**
 * Reads events as gvl-ground and the elements write them, JSON lines `{"file", "task", "query", "text", "start",
 * "stop", "confidence", "state", ...}` with times in ns: a video for each "file", named by the last part of it, with
 * the closed events that are sure enough as moments. Others are rejected; answers in words are no events. Throws as
 * read_annotation() does, also for two files whose names end alike.
 */
EventLabels read_event_labels(const std::filesystem::path& file, const EventLabelOptions& options);

}  // namespace gvl::annotation
