#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "gvl/model.hpp"
#include "language/generate.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "text/answer.hpp"
#include "text/prompt.hpp"

namespace gvl::model {

/** Questions about one window in, answers with intervals out. Immutable and thread safe; network must outlive it. */
class Grounder {
 public:
  Grounder(const Network& network, FolderTokenizer tokenizer);

  /** What becomes of query number `index`: an answer, or why there is none. */
  struct Result {
    std::size_t index = 0;
    Answer answer;
    std::exception_ptr error;
  };

  /**
   * Answers `queries`, behind one reading of the prompt's start and the video tokens (float32 [K * L, H]). A query
   * that cannot be asked fails alone, before the others are answered. Throws what fails them all: Error(kCancelled),
   * a tensor that is no window of this model.
   */
  void answer(const Tensor& video_tokens, const text::TimeScale& scale, const std::vector<Query>& queries,
              const GenerationOptions& options, const Cancellation& cancellation,
              const std::function<void(Result)>& deliver) const;

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
  void check_length(const text::PromptTokens& prompt) const;

  const Network& network_;
  text::PromptBuilder prompts_;
  at::Tensor temporal_ids_;  // int64 [M + 1]
};

}  // namespace gvl::model
