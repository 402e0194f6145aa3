/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/language_model.hpp"
#include "text/temporal.hpp"
#include "text/tokenizer.hpp"

namespace gvl::text {

/** Two temporal tokens of an answer, in the order of time. */
struct ParsedInterval {
  std::int64_t start = 0;  ///< temporal token, 0 ... M
  std::int64_t stop = 0;
  double start_seconds = 0;  ///< from the window's start
  double stop_seconds = 0;
  /** Where the two tokens are, in the order of the answer: indices of generated ids, or byte offsets in a text. */
  std::size_t first_position = 0;
  std::size_t second_position = 0;
  std::string text;  ///< what the answer says of the interval; empty without captions
};

struct ParsedAnswer {
  std::string text;          ///< decoded, without special tokens and white space around it
  std::string text_seconds;  ///< the same with the video's times in seconds
  std::vector<ParsedInterval> intervals;
};

/**
 * An answer's text with "<50>" replaced by its time in the video, "2.00 seconds", as the published code writes it for a
 * language model. Throws Error(kInvalidArgument) for a duration that is not positive.
 */
std::string with_seconds(std::string_view text, const TimeScale& scale, std::int64_t temporal_tokens,
                         const io::LanguageModel& model);

/**
 * The intervals of an answer: its temporal tokens taken in pairs, in order; an odd one at the end is dropped. With
 * `captions`, an interval's text is what follows it up to the next ("From <3> to <9>, a man runs. From ..."), or
 * what stands before it when nothing follows the last one ("A man runs from <3> to <9>."), without the words and
 * signs that tie the two together. In the text, "<n>" with n above M is no temporal token.
 */
std::vector<ParsedInterval> parse_intervals(std::string_view text, const TimeScale& scale, std::int64_t temporal_tokens,
                                            bool captions);

/** What generated ids say, the end token not included. Throws Error(kInvalidArgument) as with_seconds() does. */
ParsedAnswer parse_answer(const Tokenizer& tokenizer, const TemporalTokens& temporal, std::span<const std::int64_t> ids,
                          const TimeScale& scale, const io::LanguageModel& model, bool captions);

}  // namespace gvl::text
