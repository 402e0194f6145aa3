/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/grounding.hpp"

namespace gvl::evaluation {

/**
 * Whose way from an answer's text to times. They disagree: of "From 7.95 seconds to 14.28 seconds." only kTimeLens and
 * kGvl read both times.
 */
enum class AnswerRule {
  kTimeChat,     ///< TimeChat, utils/format_tvg.py
  kLmms,         ///< lmms-eval, tasks/charades_sta/utils.py
  kLmmsEvalTvg,  ///< lmms-eval, tasks/charades_sta/eval_tvg.py
  kTimeLens,     ///< lmms-eval, tasks/timelens/utils.py
  kVTimeLlm,     ///< VTimeLLM, vtimellm/eval/eval.py: hundredths of the video
  kGvl,          ///< Grounded-Video-LLM, inference.py: temporal tokens become seconds, which kTimeLens then reads
};

inline constexpr NameTable<AnswerRule, 6> kAnswerRules{{{AnswerRule::kTimeChat, "timechat"},
                                                        {AnswerRule::kLmms, "lmms"},
                                                        {AnswerRule::kLmmsEvalTvg, "lmms-eval-tvg"},
                                                        {AnswerRule::kTimeLens, "timelens"},
                                                        {AnswerRule::kVTimeLlm, "vtimellm"},
                                                        {AnswerRule::kGvl, "gvl"}}};

/** How Grounded-Video-LLM's language models separate a time from the word before it. */
enum class TokenSpelling {
  kPhi,    ///< phi3.5: a blank before the time
  kLlama,  ///< llama3: none
};

/** Whether a temporal token `<k>` is in an answer: its seconds then depend on the video's duration. */
bool has_temporal_tokens(std::string_view text);

/**
 * The text with each temporal token `<k>` replaced by "S seconds", S = duration k / 300 with two decimals, by
 * parse_time_interval() of Grounded-Video-LLM's inference.py; k beyond 300 is beyond the end. Of Unicode's digits
 * ASCII's alone make a token. `duration`: of the video, in seconds. Throws Error(kMalformed) where the script raises: k
 * is larger than a double, or has more than 4300 digits.
 */
std::string seconds_for_tokens(std::string_view text, double duration, TokenSpelling spelling);

/**
 * The windows that a rule reads in an answer, the first one being what is scored: none where it reads none, at most one
 * but for kTimeLens and kGvl. In seconds; of kVTimeLlm in shares of the video. kTimeChat, kLmms and kLmmsEvalTvg put
 * the ends in order, the others may return reversed ones; numbers beyond a double are infinite.
 *
 * `text` is UTF-8 (a byte that is not is a character of its own), of any length: it is scanned in time in proportion
 * to it and without recursion. As in the scripts, letters, digits and spaces are Unicode's. `duration` in seconds is
 * read by kGvl only. Throws Error(kMalformed) where the script raises: TimeChat's for a number with more than one dot
 * in a row ("1..5 - 2"), and what seconds_for_tokens() throws.
 */
std::vector<Interval> parse_windows(std::string_view text, AnswerRule rule, double duration);

}  // namespace gvl::evaluation
