/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::evaluation {

/**
 * Which of a multiple-choice question's options, (A), (B), ..., an answer names; none when it names none, or more than
 * one. The first of these that the answer has decides:
 *   1. it is an option's text, whatever its case, spaces and punctuation ("a red car."), if only one option has it;
 *   2. a letter after the last "answer" or "option": "The answer is B", "Answer: (B) a red car";
 *   3. letters in parentheses, all the same: "(B)", "It is (b), a red car";
 *   4. a letter at the start: "B", "B.", "B: a red car", "b) a red car".
 * A letter beyond the last option is none. A letter with neither a mark nor the answer's end behind it must be a
 * capital one other than A and I: else it may be a word. Throws Error(kInvalidArgument) for more than 26 options.
 */
std::optional<std::size_t> chosen_option(std::string_view answer, const std::vector<std::string>& options);

/** An answered multiple-choice question. */
struct Choice {
  std::optional<std::size_t> chosen;  ///< none: the answer names no option, which is wrong
  std::size_t right = 0;
};

/** Both 0 when there is no question. */
struct ChoiceScore {
  std::size_t count = 0;
  double accuracy = 0;  ///< in [0, 1]
};

/** The share of questions whose right option was chosen. */
ChoiceScore choice_score(const std::vector<Choice>& choices);

}  // namespace gvl::evaluation
