/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/search_engine.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "text/temporal.hpp"
#include "timeline/wording.hpp"

namespace gvl::model {
namespace {

std::string in_words(const std::vector<Interval>& intervals, double window_start) {
  std::string text;
  for (const Interval& interval : intervals) {
    text += (text.empty() ? "" : " ") + timeline::in_a_sentence(timeline::from_seconds(window_start + interval.start),
                                                                timeline::from_seconds(window_start + interval.stop));
  }
  return text.empty() ? timeline::kNothingFound : text;
}

}  // namespace

SearchEngine::SearchEngine(const std::filesystem::path& folder, c10::Device device)
    : Engine(load_config(folder), device), folder_(folder.string()) {}

at::Tensor SearchEngine::encode_temporal(const at::Tensor& pixels, const Cancellation&) const {
  return at::zeros({pixels.size(0), 1, 1}, at::TensorOptions().device(device()));
}

at::Tensor SearchEngine::fuse(const at::Tensor& spatial, const at::Tensor&) const { return spatial; }

Answer SearchEngine::find(const AskedWindow& window, const Query& query) const {
  if (!config().answers(query.task)) {
    throw Error(ErrorCode::kUnsupported, folder_ + ": a model of type " + described_type(config()) +
                                             " answers the task grounding, not " + std::string(name_of(query.task)));
  }
  const std::int64_t samples = config().frames;
  const auto seconds = [&](std::size_t sample) {
    return text::to_seconds(static_cast<double>(sample), window.scale, samples);
  };
  const double duration = seconds(static_cast<std::size_t>(samples)) - seconds(0);
  const auto most = window.options.max_moments > 0 ? window.options.max_moments : config().max_moments;
  Answer answer{.query = query};
  for (const timeline::FoundSpan& span : search(layers::to_aten(window.tokens).to(device()), query,
                                                duration > 0 ? static_cast<double>(samples) / duration : 0,
                                                static_cast<std::size_t>(most), window.cancellation)) {
    answer.intervals.push_back({seconds(span.first), seconds(span.last + 1), span.confidence, {}});
    answer.confidence = std::max(answer.confidence, span.confidence);
  }
  answer.text = answer.text_seconds = in_words(answer.intervals, window.scale.start());
  return answer;
}

void SearchEngine::answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const {
  for (std::size_t number = 0; number < windows.size(); ++number) {
    const AskedWindow& window = windows[number];
    for (std::size_t query = 0; query < window.queries.size(); ++query) {
      try {
        window.cancellation.check();
        expect_tokens(window, config());
        deliver({number, query, find(window, window.queries[query]), {}});
      } catch (const Error&) {
        deliver({number, query, {}, std::current_exception()});
      }
    }
  }
}

}  // namespace gvl::model
