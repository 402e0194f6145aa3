/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gvl/task.hpp"
#include "gvl/tensor.hpp"
#include "language/generate.hpp"
#include "model/asked_window.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "text/answer.hpp"
#include "text/prompt.hpp"

namespace gvl::model {

/** Questions about one window in, answers with intervals out. Immutable and thread safe; network must outlive it. */
class Grounder {
 public:
  /** `cache_type`: what keys and values are kept as. */
  Grounder(const Network& network, FolderTokenizer tokenizer, c10::ScalarType cache_type);

  using Window = AskedWindow;
  using Result = QueryResult;
  using Deliver = DeliverResult;

  /**
   * Answers the queries of some windows, each window's behind one reading of the prompt's start and its tokens, and all
   * of them together as far as a generator takes them: the first queries of all windows begin first. A query that
   * cannot be asked fails alone, and a window that is none of this model's, or cancelled, with its queries: between two
   * tokens, and between two layers where all windows are of one stream. Throws what fails all of them.
   */
  void answer(const std::vector<Window>& windows, const Deliver& deliver) const;

  /** Embeddings of the prompt's start and the video: what all queries about a window share. */
  at::Tensor embed_prefix(const std::vector<std::int64_t>& before_video, const at::Tensor& video_tokens) const;

  const text::PromptBuilder& prompts() const noexcept { return prompts_; }

 private:
  language::GenerationRules rules_for(Task task) const;
  /** The probabilities of all moments where token `position` of the answer was chosen: float32 [M + 1]. */
  at::Tensor moments_at(const language::Generation& generation, std::size_t position) const;
  double interval_confidence(const language::Generation& generation, const text::ParsedInterval& interval) const;
  text::ParsedAnswer parse(const Query& query, const text::TimeScale& scale,
                           const std::vector<std::int64_t>& tokens) const;
  std::vector<std::int64_t> with_best_intervals(const language::Generation& generation,
                                                const std::vector<text::ParsedInterval>& intervals) const;
  Answer make_answer(const Query& query, const text::TimeScale& scale, const language::Generation& generation) const;

  /** A grounding answer that has more moments than the one that it words (grounder_moments.cpp). */
  struct Several;
  std::shared_ptr<Several> begin_several(const Window& window, const Query& asked,
                                         const language::GenerationRequest& request,
                                         const language::Generation& generation) const;
  language::GenerationRequest stop_request(const Several& several, std::size_t candidate) const;
  void take_stop(Several& several, std::size_t candidate, const language::Generation& generation) const;
  struct Moment;
  std::optional<Moment> moment_of(const Several& several, std::size_t candidate) const;
  Answer finish(const Several& several) const;

  void check_length(const text::PromptTokens& prompt) const;

  /** One call of answer() (grounder_asking.cpp). */
  class Asking;

  const Network& network_;
  text::PromptBuilder prompts_;
  c10::ScalarType cache_type_;
  at::Tensor temporal_ids_;  // int64 [M + 1]
};

}  // namespace gvl::model
