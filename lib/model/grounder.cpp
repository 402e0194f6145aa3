/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/grounder.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gvl/error.hpp"
#include "io/language_model.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/interval_choice.hpp"
#include "text/answer.hpp"
#include "timeline/confidence.hpp"

namespace gvl::model {
namespace {

// The longest text the published model was trained on (its max_txt_len).
constexpr std::int64_t kLongestPrompt = 2048;

std::span<const float> values(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::int64_t length_of(const std::vector<std::int64_t>& ids) { return static_cast<std::int64_t>(ids.size()); }

}  // namespace

Grounder::Grounder(const Network& network, FolderTokenizer tokenizer, c10::ScalarType cache_type)
    : network_(network),
      prompts_(tokenizer.tokenizer, std::move(tokenizer.temporal), network.config().prompts),
      cache_type_(cache_type) {
  temporal_ids_ = at::tensor(prompts_.temporal().ids(), at::kLong);
}

/** A grounding query is always answered with an interval; how likely the model finds that there is none is kept. */
language::GenerationRules Grounder::rules_for(Task task) const {
  language::GenerationRules rules;
  rules.keep = [this](std::int64_t token) { return prompts_.temporal().temporal_of(token).has_value(); };
  if (task == Task::kGrounding) rules.not_first = prompts_.absent_id();
  return rules;
}

at::Tensor Grounder::moments_at(const language::Generation& generation, std::size_t position) const {
  return generation.distributions.at(position).index_select(0, temporal_ids_).contiguous();
}

double Grounder::interval_confidence(const language::Generation& generation,
                                     const text::ParsedInterval& interval) const {
  const at::Tensor first = moments_at(generation, interval.first_position);
  const at::Tensor second = moments_at(generation, interval.second_position);
  return timeline::interval_confidence(generation.not_first, values(first), values(second), interval.start,
                                       interval.stop);
}

/** The answer's tokens with each pair of moments replaced by the interval that is best on the whole. */
std::vector<std::int64_t> Grounder::with_best_intervals(const language::Generation& generation,
                                                        const std::vector<text::ParsedInterval>& intervals) const {
  std::vector<std::int64_t> tokens = generation.tokens;
  for (const text::ParsedInterval& interval : intervals) {
    const at::Tensor first = moments_at(generation, interval.first_position);
    const at::Tensor second = moments_at(generation, interval.second_position);
    const TokenInterval best = best_interval(values(first), values(second));
    tokens.at(interval.first_position) = prompts_.temporal().id_of(best.start);
    tokens.at(interval.second_position) = prompts_.temporal().id_of(best.stop);
  }
  return tokens;
}

text::ParsedAnswer Grounder::parse(const Query& query, const text::TimeScale& scale,
                                   const std::vector<std::int64_t>& tokens) const {
  return text::parse_answer(prompts_.tokenizer(), prompts_.temporal(), tokens, scale,
                            io::language_model(network_.config().language.type), query.task == Task::kDenseCaption);
}

at::Tensor Grounder::embed_prefix(const std::vector<std::int64_t>& before_video, const at::Tensor& video_tokens) const {
  const at::Tensor video = video_tokens.to(network_.device(), network_.activation_type());
  if (before_video.empty()) return video;
  return at::cat({network_.decoder().embed(before_video), video});
}

void Grounder::check_length(const text::PromptTokens& prompt) const {
  const std::int64_t text = length_of(prompt.before_video) + length_of(prompt.after_video);
  const std::int64_t video = network_.config().segments * network_.config().tokens_per_segment();
  const std::int64_t longest = std::min(kLongestPrompt, network_.config().language.max_positions - video - 1);
  if (text <= longest) return;
  throw Error(ErrorCode::kInvalidArgument, "the query is too long: " + std::to_string(text) +
                                               " tokens with its prompt, this model takes " + std::to_string(longest));
}

Answer Grounder::make_answer(const Query& query, const text::TimeScale& scale,
                             const language::Generation& generation) const {
  std::vector<std::int64_t> tokens = generation.tokens;
  text::ParsedAnswer parsed = parse(query, scale, tokens);
  if (network_.config().interval_choice == IntervalChoice::kExpectedOverlap && !parsed.intervals.empty()) {
    tokens = with_best_intervals(generation, parsed.intervals);
    parsed = parse(query, scale, tokens);
  }
  Answer answer{.query = query,
                .tokens = std::move(tokens),
                .text = parsed.text,
                .text_seconds = parsed.text_seconds,
                .confidence = timeline::words_confidence(generation.probabilities)};
  for (const text::ParsedInterval& interval : parsed.intervals) {
    answer.intervals.push_back(
        {interval.start_seconds, interval.stop_seconds, interval_confidence(generation, interval), interval.text});
  }
  return answer;
}

}  // namespace gvl::model
