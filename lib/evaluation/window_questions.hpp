/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "evaluation/event_finder.hpp"
#include "gvl/generation.hpp"
#include "gvl/model.hpp"
#include "timeline/window_assembler.hpp"

namespace gvl::evaluation {

/** What an answer about a window of `config`'s model is made events of. */
timeline::AnsweredWindow about_window(const ModelConfig& config, std::uint64_t index, timeline::Time start,
                                      timeline::Time stop);

/** Asks the same queries about windows, one after the other, as gvlgroundedllm does. For one thread. */
class WindowQuestions {
 public:
  /** Waits for answers while more than `in_flight` windows are asked about: their tokens are in memory. */
  WindowQuestions(Model& model, std::vector<Query> queries, const GenerationOptions& generation, std::size_t in_flight)
      : model_(model), queries_(std::move(queries)), generation_(generation), in_flight_(in_flight) {}

  /** Windows of a session come in order, and one session after the other. Throws what the model throws. */
  void ask(timeline::AssembledWindow window, std::uint64_t session = 0);

  /** The answers to all windows so far, in order. */
  std::vector<AnsweredVideo::WindowAnswered> finish();

 private:
  struct Asked {
    timeline::AnsweredWindow window;
    std::vector<Future<Answer>> answers;
  };

  void take_answers();

  Model& model_;
  const std::vector<Query> queries_;
  const GenerationOptions generation_;
  const std::size_t in_flight_;
  Cancellation never_;
  std::deque<Asked> asked_;
  std::uint64_t next_window_ = 0;
  std::vector<AnsweredVideo::WindowAnswered> answered_;
};

}  // namespace gvl::evaluation
