/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/asking.hpp"

#include <algorithm>

namespace gvl::scenes {

std::string draw_words(Asking asking, Random& random) {
  static const std::vector<std::vector<std::string_view>> words{
      {"Which of these happens in the video?", "What happens in the video?", "Which event can be seen in the video?",
       "Which of the following takes place?", "What can be seen?", "Which description is right?"},
      {"Which event does not happen in the video?", "Which of these does not happen?",
       "Which of the following is not seen in the video?", "What does not happen?", "Which description is wrong?"},
      {"What happens first?", "Which of these happens first?", "What is the first event in the video?",
       "What comes first?"},
      {"What happens last?", "Which of these happens last?", "What is the last event in the video?",
       "What comes last?"},
      {"What happens after ", "What happens right after ", "What comes after ", "What is the next event after "},
      {"How many times ", "How often "}};
  return std::string(random.pick(words[static_cast<std::size_t>(asking)]));
}

std::optional<std::size_t> third_of(const TimeRange& time, double duration) noexcept {
  const auto third = [&](double at) { return static_cast<std::size_t>(std::clamp(at / duration * 3, 0.0, 2.99)); };
  return third(time.start) == third(time.stop) ? std::optional(third(time.start)) : std::nullopt;
}

std::string words_for_count(std::size_t count) {
  static constexpr std::array<std::string_view, kMostCounted + 1> words{
      "never",          "once",           "twice",          "three times",   "four times",    "five times",
      "six times",      "seven times",    "eight times",    "nine times",    "ten times",     "eleven times",
      "twelve times",   "thirteen times", "fourteen times", "fifteen times", "sixteen times", "seventeen times",
      "eighteen times", "nineteen times", "twenty times"};
  return std::string(count < words.size() ? words[count] : "many times");
}

void add_counts(std::vector<Option>& options, std::size_t right) {
  constexpr std::size_t kOptions = 4;
  const std::size_t step = right > kOptions ? right / 4 : 1;
  std::vector<std::size_t> others{0, 1, 2, 3};
  if (right > kOptions) others = {right - step, right + step, right - 2 * step, right + 2 * step, right - 3 * step};
  for (const std::size_t other : others) {
    if (other <= kMostCounted && options.size() < kOptions) add_option(options, plain(words_for_count(other)));
  }
}

Option plain(std::string_view text) { return {.text = std::string(text)}; }

void add_option(std::vector<Option>& options, const Option& option) {
  const auto same = [&](const Option& other) { return other.text == option.text; };
  if (std::none_of(options.begin(), options.end(), same)) options.push_back(option);
}

}  // namespace gvl::scenes
