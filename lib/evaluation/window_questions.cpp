/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/window_questions.hpp"

#include <utility>

namespace gvl::evaluation {

using timeline::Time;

timeline::AnsweredWindow about_window(const ModelConfig& config, std::uint64_t index, Time start, Time stop) {
  return {{.index = index,
           .start = start,
           .stop = stop,
           .resolution = (stop - start) / config.temporal_tokens,
           .edge = timeline::edge_of(start, stop, config.segments),
           .believed = config.min_confidence}};
}

void WindowQuestions::ask(timeline::AssembledWindow window, std::uint64_t session) {
  const Time start = window.segments.front().start, stop = window.segments.back().stop;
  const VideoWindow tokens{model_.concatenate(std::move(window.tokens), never_), timeline::to_seconds(stop - start),
                           timeline::to_seconds(start), timeline::boundaries_of(window.segments)};
  timeline::AnsweredWindow about = about_window(model_.config(), next_window_++, start, stop);
  about.settled = window.settled;
  about.session = session;
  asked_.push_back({std::move(about), model_.answer(tokens, queries_, generation_, never_)});
  while (asked_.size() > in_flight_) take_answers();
}

void WindowQuestions::take_answers() {
  for (const Future<Answer>& answer : asked_.front().answers)
    answered_.push_back({asked_.front().window, answer.get()});
  asked_.pop_front();
}

std::vector<AnsweredVideo::WindowAnswered> WindowQuestions::finish() {
  while (!asked_.empty()) take_answers();
  return std::exchange(answered_, {});
}

}  // namespace gvl::evaluation
