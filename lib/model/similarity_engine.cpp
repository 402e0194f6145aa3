/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/similarity_engine.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "ops/ops.hpp"
#include "text/temporal.hpp"
#include "timeline/span_search.hpp"
#include "timeline/wording.hpp"

namespace gvl::model {
namespace {

TextEmbeddings make_texts(const std::filesystem::path& folder, const SimilarityNetwork& network,
                          const ModelConfig& config, const Cancellation& cancellation) {
  auto tokenizer = load_text_tokenizer(folder / kTokenizerFile, config);
  try {
    const c10::InferenceMode inference;
    return {network.texts(), std::move(tokenizer), config.similarity, cancellation};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kMalformed) throw;
    throw Error(error.code(), (folder / kConfigFile).string() + ": " + error.what());
  }
}

std::vector<double> row_of(const at::Tensor& rows, std::int64_t row) {
  const float* values = rows.data_ptr<float>() + row * rows.size(1);
  return {values, values + rows.size(1)};
}

/** Cosines of a window's samples [T, E] to a query [E] and generic texts [G, E]. */
timeline::WindowSimilarities similarities_of(const at::Tensor& samples, const at::Tensor& query,
                                             const at::Tensor& generic) {
  const at::Tensor texts = at::cat({query.unsqueeze(0), generic}).to(at::kFloat);
  const at::Tensor rows = ops::linear(texts, samples).to(at::kCPU).contiguous();
  timeline::WindowSimilarities similarities{row_of(rows, 0), {}};
  for (std::int64_t row = 1; row < rows.size(0); ++row) similarities.generic.push_back(row_of(rows, row));
  return similarities;
}

std::string in_words(const std::vector<Interval>& intervals, double window_start) {
  std::string text;
  for (const Interval& interval : intervals) {
    text += (text.empty() ? "" : " ") + timeline::in_a_sentence(timeline::from_seconds(window_start + interval.start),
                                                                timeline::from_seconds(window_start + interval.stop));
  }
  return text.empty() ? timeline::kNothingFound : text;
}

}  // namespace

SimilarityEngine::SimilarityEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation)
    : Engine(load_config(folder), device),
      folder_(folder.string()),
      parameters_(folder, config().dtype, cancellation),
      network_(layers::Parameters(parameters_, device, layers::to_scalar_type(io::traits_of(config().dtype).floating)),
               config()),
      texts_(make_texts(folder, network_, config(), cancellation)) {}

at::Tensor SimilarityEngine::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor embeddings = network_.embed_pictures(pixels.flatten(0, 1), cancellation);
  return embeddings.unflatten(0, {pixels.size(0), pixels.size(1)});
}

at::Tensor SimilarityEngine::encode_temporal(const at::Tensor& pixels, const Cancellation&) const {
  return at::zeros({pixels.size(0), 1, 1}, at::TensorOptions().device(device()));
}

at::Tensor SimilarityEngine::fuse(const at::Tensor& spatial, const at::Tensor&) const { return spatial; }

Answer SimilarityEngine::find(const AskedWindow& window, const Query& query) const {
  if (query.task != Task::kGrounding) {
    throw Error(ErrorCode::kUnsupported,
                folder_ + ": a similarity model answers the task grounding, not " + std::string(name_of(query.task)));
  }
  const SimilarityConfig& similarity = config().similarity;
  const at::Tensor samples = layers::to_aten(window.tokens).to(device());
  const auto most = window.options.max_moments > 0 ? window.options.max_moments : config().max_moments;
  const auto spans =
      timeline::find_spans(similarities_of(samples, texts_.of(query, window.cancellation), texts_.generic()),
                           similarity.search, similarity.logit_scale, static_cast<std::size_t>(most));
  Answer answer{.query = query};
  const auto seconds = [&](std::size_t sample) {
    return text::to_seconds(static_cast<double>(sample), window.scale, samples.size(0));
  };
  for (const timeline::FoundSpan& span : spans) {
    answer.intervals.push_back({seconds(span.first), seconds(span.last + 1), span.confidence, {}});
    answer.confidence = std::max(answer.confidence, span.confidence);
  }
  answer.text = answer.text_seconds = in_words(answer.intervals, window.scale.start());
  return answer;
}

void SimilarityEngine::answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const {
  const std::vector<std::int64_t> shape{config().frames, config().similarity.embedding_size};
  for (std::size_t number = 0; number < windows.size(); ++number) {
    const AskedWindow& window = windows[number];
    for (std::size_t query = 0; query < window.queries.size(); ++query) {
      try {
        window.cancellation.check();
        if (window.tokens.type != DataType::kFloat32 || window.tokens.shape != shape) {
          throw Error(ErrorCode::kInvalidArgument, "gvl/video-tokens: " + to_string(window.tokens.shape) +
                                                       " given, this model takes " + to_string(shape));
        }
        deliver({number, query, find(window, window.queries[query]), {}});
      } catch (const Error&) {
        deliver({number, query, {}, std::current_exception()});
      }
    }
  }
}

}  // namespace gvl::model
