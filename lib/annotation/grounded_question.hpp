/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "annotation/annotation.hpp"

namespace gvl::annotation {

/** A question about a video, its answer, and when that is to be seen. */
struct GroundedQuestion {
  std::string question;
  std::string answer;
  evaluation::Interval time;         ///< seconds
  std::vector<std::size_t> sources;  ///< places of the moments that it is made of
};

/**
 * Texts that differ only in case, punctuation or blanks become equal: lower case, words of letters and digits with one
 * blank between them.
 */
std::string compared(const std::string& text);

/**
 * Why a question that was made of `video` cannot be used; empty when it can. It needs a question and an answer of one
 * line without angle brackets, which stand for times; no time and no answer in the question; an answer that is more
 * than yes or no; and an interval within the video and within the moments that it is made of, each of which it touches.
 * `video` has a duration.
 */
std::string fault_of(const GroundedQuestion& question, const AnnotatedVideo& video);

/**
 * The questions about a video that can be used, in order: those without a fault, less those that were asked before, or
 * have an answer and interval that another one has. The others are added to `rejected`. At most `most` stay.
 */
std::vector<GroundedQuestion> usable_questions(std::vector<GroundedQuestion> questions, const AnnotatedVideo& video,
                                               std::size_t most, std::vector<Rejection>& rejected);

}  // namespace gvl::annotation
