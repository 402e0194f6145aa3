/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/dense_caption_files.hpp"

#include <utility>
#include <vector>

#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/captions/timechat_answer.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;
using io::JsonValue;

/** A submission has up to 1,000 captions of each of 4,917 videos. */
constexpr io::JsonLimits kLimits{.bytes = std::size_t{512} << 20, .values = std::size_t{64} << 20};

Interval interval_of(const JsonValue& value, double smallest) {
  const auto ends = value.elements();
  if (ends.size() != 2) throw value.error("has " + std::to_string(ends.size()) + " elements, not start and end");
  return {video_time(ends[0], smallest), video_time(ends[1], smallest)};
}

std::string sentence_of(const JsonValue& value) {
  std::string sentence = value.as_string();
  if (sentence.size() > kLongestSentence) throw value.error("is longer than 8 KiB");
  return sentence;
}

void check_members(const JsonValue& object) {
  if (const auto twice = object.repeated_member())
    throw object.error("has the video " + io::quote(*twice) + " a second time");
}

Captions captions_of(const JsonValue& record, const std::vector<JsonValue>& times,
                     const std::vector<std::string>& sentences) {
  if (times.size() != sentences.size()) {
    throw record.error("has " + std::to_string(times.size()) + " times and " + std::to_string(sentences.size()) +
                       " sentences");
  }
  if (times.empty()) throw record.error("has no captions");
  Captions captions;
  for (std::size_t i = 0; i < times.size(); ++i) captions.push_back({interval_of(times[i], 0), sentences[i]});
  return captions;
}

Captions activitynet_captions(const JsonValue& record) {
  std::vector<std::string> sentences;
  for (const JsonValue& sentence : record.array("sentences").elements()) sentences.push_back(sentence_of(sentence));
  return captions_of(record, record.array("timestamps").elements(), sentences);
}

std::string without_blanks_around(const std::string& text) {
  const std::size_t start = text.find_first_not_of(' ');
  return start == text.npos ? "" : text.substr(start, text.find_last_not_of(' ') + 1 - start);
}

/** TimeChat's way: what is between full stops and has more than five characters, with a full stop again. */
Captions timechat_captions(const JsonValue& record) {
  constexpr std::size_t kLongestOther = 5;
  const std::string caption = record.at("caption").as_string();
  std::vector<std::string> sentences;
  for (std::size_t from = 0; from <= caption.size();) {
    const std::size_t end = std::min(caption.find('.', from), caption.size());
    const std::string part = caption.substr(from, end - from);
    if (part.size() > kLongestSentence) throw record.at("caption").error("has a sentence longer than 8 KiB");
    if (part.size() > kLongestOther) sentences.push_back(without_blanks_around(part) + ".");
    from = end + 1;
  }
  return captions_of(record, record.array("segments").elements(), sentences);
}

/** TimeChat names a video by the last part of its path. */
std::string last_part(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

Captions predicted_captions(const JsonValue& list, const char* sentence) {
  Captions captions;
  for (const JsonValue& record : list.elements()) {
    captions.push_back({interval_of(record.at("timestamp"), kSmallestPrediction), sentence_of(record.at(sentence))});
  }
  return captions;
}

Captions answered_captions(const JsonValue& record) {
  const JsonValue answer = record.at("generated_cap");
  try {
    return timechat_answer_captions(answer.as_string());
  } catch (const Error& error) {
    throw answer.error(error.what());
  }
}

}  // namespace

CaptionFile read_caption_annotation(const fs::path& file) {
  const auto root = JsonValue::load(file, kLimits);
  CaptionFile read{file, {}};
  if (root.is_object() && root.has("annotations")) {
    for (const JsonValue& record : root.array("annotations").elements()) {
      const std::string video = last_part(record.string("image_id"));
      if (!read.videos.emplace(video, timechat_captions(record)).second)
        throw record.error("is the video " + io::quote(video) + " a second time");
    }
  } else {
    check_members(root);
    for (const auto& [video, record] : root.members()) read.videos.emplace(video, activitynet_captions(record));
  }
  if (read.videos.empty()) throw root.error("has no videos");
  return read;
}

CaptionFile read_caption_submission(const fs::path& file) {
  const auto root = JsonValue::load(file, kLimits);
  CaptionFile read{file, {}};
  if (root.is_array()) {
    for (const JsonValue& record : root.elements()) read.videos[record.string("vname")] = answered_captions(record);
    return read;
  }
  const bool is_challenge = root.is_object() && root.has("results");
  const JsonValue videos = is_challenge ? root.object("results") : root;
  check_members(videos);
  for (const auto& [video, list] : videos.members())
    read.videos.emplace(video, predicted_captions(list, is_challenge ? "sentence" : "caption"));
  return read;
}

}  // namespace gvl::evaluation
