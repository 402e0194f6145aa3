/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "evaluation/dense_captioning.hpp"

namespace gvl::evaluation {

/** Captions of videos, by their names; each video's as the file has them. */
struct CaptionFile {
  std::filesystem::path file;
  std::map<std::string, Captions> videos;
};

/** The most bytes that a sentence may have: METEOR's search grows with the product of two sentences. */
inline constexpr std::size_t kLongestSentence = std::size_t{1} << 13;

/**
 * An annotation of ActivityNet-Captions (val_1.json), `{VIDEO: {"duration", "timestamps": [[start, end], ...],
 * "sentences": [...]}}`, or one that TimeChat makes of it (val.caption_coco_format.json), `{"annotations":
 * [{"image_id", "caption", "segments": [[start, end], ...]}, ...]}`, whose caption is split at its full stops. Times in
 * seconds from 0 to 1e9; they may be reversed. Throws Error(kMalformed) naming file and value for anything else, a
 * video without captions, one that is there twice, and for more sentences than times; also what JsonValue::load()
 * throws.
 */
CaptionFile read_caption_annotation(const std::filesystem::path& file);

/**
 * A submission to the ActivityNet challenge, `{"results": {VIDEO: [{"sentence", "timestamp": [start, end]}, ...]}}`, or
 * TimeChat's `{VIDEO: [{"caption", "timestamp": [start, end]}, ...]}`, or the answers that it makes these of,
 * `[{"vname", "generated_cap"}, ...]` (timechat_answer_captions()), of which a video's last one counts. Times in
 * seconds, also negative and reversed ones. Throws likewise; videos without captions are no fault.
 */
CaptionFile read_caption_submission(const std::filesystem::path& file);

}  // namespace gvl::evaluation
