/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Every moment of a grounding query, not only the one that the answer words. Where the distribution of its first
// temporal token has several separated peaks, each may be the start of a moment; the answer is begun anew with that
// start, and the model says where it ends. That costs a reading of the question and a few tokens, not one of the video.

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "io/language_model.hpp"
#include "model/grounder.hpp"
#include "model/grounder_several.hpp"
#include "model/interval_choice.hpp"
#include "text/answer.hpp"
#include "timeline/confidence.hpp"

namespace gvl::model {
namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()};
}

TokenInterval most_probable(const StartPeak& peak, std::span<const float> stops) {
  const auto stop = std::max_element(stops.begin(), stops.end()) - stops.begin();
  return {std::min<std::int64_t>(peak.token, stop), std::max<std::int64_t>(peak.token, stop)};
}

}  // namespace

/** None where the answer has said all. */
std::shared_ptr<Grounder::Several> Grounder::begin_several(const Window& window, const Query& asked,
                                                           const language::GenerationRequest& request,
                                                           const language::Generation& generation) const {
  const ModelConfig& config = network_.config();
  const std::int64_t most = window.options.max_moments > 0 ? window.options.max_moments : config.max_moments;
  if (asked.task != Task::kGrounding || most < 2) return nullptr;
  const text::ParsedAnswer parsed = parse(asked, window.scale, generation.tokens);
  // An answer that names several has said all.
  if (parsed.intervals.size() != 1) return nullptr;
  const text::ParsedInterval& worded = parsed.intervals.front();
  std::vector<float> starts = values_of(moments_at(generation, worded.first_position));
  const std::int64_t segment = std::max<std::int64_t>(config.temporal_tokens / config.segments, 1);
  const auto peaks = start_peaks(starts, segment, static_cast<std::size_t>(most));
  if (peaks.size() < 2) return nullptr;
  auto several = std::make_shared<Several>();
  *several = {asked, window.scale, request, generation, worded, std::move(starts), {}};
  const auto begun = *prompts_.temporal().temporal_of(generation.tokens.at(worded.first_position));
  for (const StartPeak& peak : peaks) {
    Several::Candidate candidate{peak, {}, peak.low <= begun && begun <= peak.high};
    if (candidate.is_worded) candidate.stops = values_of(moments_at(generation, worded.second_position));
    several->candidates.push_back(std::move(candidate));
  }
  return several;
}

/** None where the model does not say that it ends before the next one begins. */
std::optional<Grounder::Moment> Grounder::moment_of(const Several& several, std::size_t number) const {
  const Several::Candidate& candidate = several.candidates.at(number);
  if (candidate.stops.empty()) return std::nullopt;
  std::vector<StartPeak> peaks;
  for (const Several::Candidate& each : several.candidates) peaks.push_back(each.peak);
  const StartPeak& peak = candidate.peak;
  const auto starts = within(several.starts, peak.low, peak.high);
  const auto stops =
      within(candidate.stops, peak.low, last_stop(peak, peaks, static_cast<std::int64_t>(several.starts.size()) - 1));
  if (starts.empty() || stops.empty()) return std::nullopt;
  const bool by_overlap = network_.config().interval_choice == IntervalChoice::kExpectedOverlap;
  const TokenInterval best = by_overlap ? best_interval(starts, stops) : most_probable(peak, stops);
  return Moment{best,
                timeline::interval_confidence(several.generation.not_first, starts, stops, best.start, best.stop)};
}

/** Begins the answer anew with a candidate's start, to hear where it stops. */
language::GenerationRequest Grounder::stop_request(const Several& several, std::size_t candidate) const {
  const std::size_t first = several.worded.first_position, second = several.worded.second_position;
  language::GenerationRequest request = several.request;
  const auto& words = several.generation.tokens;
  request.prompt.insert(request.prompt.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
  request.prompt.push_back(prompts_.temporal().id_of(several.candidates.at(candidate).peak.token));
  request.options = {.max_new_tokens = static_cast<std::int64_t>(second - first)};
  request.rules.not_first.reset();
  return request;
}

void Grounder::take_stop(Several& several, std::size_t candidate, const language::Generation& generation) const {
  const auto& kept = generation.distributions;
  if (!kept.empty()) several.candidates.at(candidate).stops = values_of(moments_at(generation, kept.begin()->first));
}

Answer Grounder::finish(const Several& several) const {
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < several.candidates.size(); ++i) {
    const auto moment = moment_of(several, i);
    const bool overlaps =
        moment && std::any_of(moments.begin(), moments.end(), [&](const Moment& other) {
          return moment->interval.start <= other.interval.stop && other.interval.start <= moment->interval.stop;
        });
    if (moment && !overlaps) moments.push_back(*moment);
  }
  std::sort(moments.begin(), moments.end(),
            [](const Moment& a, const Moment& b) { return a.interval.start < b.interval.start; });
  Answer answer = make_answer(several.asked, several.scale, several.generation);
  if (moments.empty()) return answer;
  answer.intervals.clear();
  const auto seconds = [&](std::int64_t token) {
    return text::to_seconds(static_cast<double>(token), several.scale, network_.config().temporal_tokens);
  };
  for (const Moment& moment : moments)
    answer.intervals.push_back({seconds(moment.interval.start), seconds(moment.interval.stop), moment.confidence, {}});
  return answer;
}

}  // namespace gvl::model
