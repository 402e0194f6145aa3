/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/task.hpp"
#include "scenes/conversation.hpp"
#include "scenes/random.hpp"

/** Words of questions that do not depend on what a video is made of. */
namespace gvl::scenes {

enum class Asking : std::uint8_t {
  kWhich,     ///< "Which of these happens in the video?"
  kWhichNot,  ///< "Which of these does not happen?"
  kFirst,     ///< "What happens first?"
  kLast,      ///< "What happens last?"
  kAfter,     ///< "What happens after ", with a clause to follow
  kHowMany,   ///< "How many times ", with a question to follow
};
std::string draw_words(Asking asking, Random& random);

/** By Side. */
inline constexpr std::array<std::string_view, 5> kSideNames{"", "the left", "the right", "the top", "the bottom"};
/** The most times that are counted in questions. */
inline constexpr std::size_t kMostCounted = 20;
/** "never", "once", "twice", "three times", ... "twenty times", "many times". */
std::string words_for_count(std::size_t count);
/** Adds options to the right one, up to four in all: small counts, or near ones where it is not small. */
void add_counts(std::vector<Option>& options, std::size_t right);
/** When something happens. */
inline constexpr std::array<std::string_view, 4> kThirdNames{"at the beginning", "in the middle", "at the end",
                                                             "it does not happen"};
/** The third (0 ... 2) in which all of a time lies, if one does. */
std::optional<std::size_t> third_of(const TimeRange& time, double duration) noexcept;

/** An option that tells no event. */
Option plain(std::string_view text);
/** Adds one unless it is there. */
void add_option(std::vector<Option>& options, const Option& option);

}  // namespace gvl::scenes
