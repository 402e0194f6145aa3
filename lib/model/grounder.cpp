/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/grounder.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "gvl/error.hpp"
#include "io/language_model.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/common_cancellation.hpp"
#include "model/grounder_several.hpp"
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

/** A window ready to be asked: what of its queries can be. */
struct Grounder::Prepared {
  struct Prompt {
    std::size_t query;
    std::vector<std::int64_t> ids;  // behind the video
  };

  std::size_t window = 0;  // its number
  std::vector<Prompt> prompts;
  std::size_t next = 0;  // of them
  at::Tensor prefix;
  std::int64_t capacity = 0;
};

Grounder::Prepared Grounder::prepare(const Window& window, const Deliver& deliver, std::size_t number) const {
  const ModelConfig& config = network_.config();
  const std::vector<std::int64_t> shape{config.segments * config.tokens_per_segment(), config.language.hidden_size};
  if (window.tokens.type != DataType::kFloat32 || window.tokens.shape != shape) {
    throw Error(ErrorCode::kInvalidArgument,
                "gvl/video-tokens: " + to_string(window.tokens.shape) + " given, this model takes " + to_string(shape));
  }
  Prepared prepared{.window = number};
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < window.queries.size(); ++i) {
    try {
      text::PromptTokens prompt = prompts_.build(window.queries[i], window.scale);
      check_length(prompt);
      longest = std::max(longest, length_of(prompt.before_video) + length_of(prompt.after_video));
      // What stands before the video does not depend on the query.
      if (prepared.prompts.empty()) {
        prepared.prefix = embed_prefix(prompt.before_video, layers::to_aten(window.tokens));
      }
      prepared.prompts.push_back({i, std::move(prompt.after_video)});
    } catch (const Error&) {
      deliver({number, i, {}, std::current_exception()});
    }
  }
  prepared.capacity = std::min(config.language.max_positions, shape[0] + longest + window.options.max_new_tokens);
  return prepared;
}

std::vector<Grounder::Prepared> Grounder::prepare_all(const std::vector<Window>& windows,
                                                      const Deliver& deliver) const {
  std::vector<Prepared> all;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    try {
      Prepared prepared = prepare(windows[i], deliver, i);
      if (!prepared.prompts.empty()) all.push_back(std::move(prepared));
    } catch (const Error&) {
      for (std::size_t query = 0; query < windows[i].queries.size(); ++query) {
        deliver({i, query, {}, std::current_exception()});
      }
    }
  }
  return all;
}

/** The next query of each window that has one. */
void Grounder::answer_round(language::PrefixedGenerator& generator, const std::vector<Window>& windows,
                            std::vector<Prepared>& prepared, const Deliver& deliver) const {
  std::vector<language::GenerationRequest> requests;
  std::vector<std::pair<std::size_t, std::size_t>> asked;  // window and query
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    Prepared& each = prepared[i];
    if (each.next == each.prompts.size()) continue;
    const Window& window = windows[each.window];
    Prepared::Prompt& prompt = each.prompts[each.next++];
    requests.push_back({static_cast<std::int64_t>(i), std::move(prompt.ids), prompts_.end_id(), window.options,
                        rules_for(window.queries[prompt.query].task), window.cancellation});
    asked.push_back({each.window, prompt.query});
  }
  std::vector<bool> answered(asked.size());
  std::vector<Several> several;
  const Cancellation common = common_cancellation(requests, &language::GenerationRequest::cancellation);
  generator.generate(requests, common, [&](std::size_t index, const language::Generation& generation) {
    const auto [number, query] = asked[index];
    const Window& window = windows[number];
    answered[index] = true;
    auto more = begin_several(window, number, query, requests[index], generation);
    if (more) return several.push_back(std::move(*more));
    deliver({number, query, make_answer(window.queries[query], window.scale, generation), nullptr});
  });
  find_stops(generator, several, common);
  for (const Several& each : several) deliver({each.window, each.query, finish(each), nullptr});
  const auto cancelled = std::make_exception_ptr(Error(ErrorCode::kCancelled, "cancelled"));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!answered[i]) deliver({asked[i].first, asked[i].second, {}, cancelled});
  }
}

/** Takes what is left of cancelled windows out of what is to be asked. */
void Grounder::drop_cancelled(const std::vector<Window>& windows, std::vector<Prepared>& prepared,
                              const Deliver& deliver) {
  for (Prepared& each : prepared) {
    try {
      windows[each.window].cancellation.check();
    } catch (const Error&) {
      for (; each.next < each.prompts.size(); ++each.next) {
        deliver({each.window, each.prompts[each.next].query, {}, std::current_exception()});
      }
    }
  }
}

void Grounder::answer(const std::vector<Window>& windows, const Deliver& deliver) const {
  std::vector<Prepared> prepared = prepare_all(windows, deliver);
  std::vector<at::Tensor> prefixes;
  std::int64_t capacity = 0;
  for (const Prepared& each : prepared) {
    prefixes.push_back(each.prefix);
    capacity = std::max(capacity, each.capacity);
  }
  const auto left = [&] {
    drop_cancelled(windows, prepared, deliver);
    return std::any_of(prepared.begin(), prepared.end(),
                       [](const Prepared& each) { return each.next < each.prompts.size(); });
  };
  if (!left()) return;
  language::PrefixedGenerator generator(network_.decoder(), std::move(prefixes),
                                        {.capacity = capacity, .type = cache_type_});
  do {
    answer_round(generator, windows, prepared, deliver);
  } while (left());
}

}  // namespace gvl::model
