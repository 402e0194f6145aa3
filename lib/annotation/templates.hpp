/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "annotation/grounded_question.hpp"

/** What stands in for a language model, so that all of the way can be tried at once. */
namespace gvl::annotation {

/**
 * Up to `most` questions about a video by templates: what happens first, last, before or after something else, which
 * its captions say. They may have faults as a model's have (usable_questions()). The same arguments give the same
 * questions.
 */
std::vector<GroundedQuestion> template_questions(const AnnotatedVideo& video, std::size_t most, std::uint64_t seed);

/** How many dimensions a hashed_embedding() has. */
inline constexpr std::size_t kHashedWidth = 512;

/**
 * A vector of length 1 of a text's words, pairs of words and parts of words, each hashed to a dimension and a sign
 * (Weinberger et al. 2009): texts with the same words are alike. A text without letters has all in the first dimension.
 */
std::vector<float> hashed_embedding(const std::string& text);

}  // namespace gvl::annotation
