/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/similarity_engine.hpp"

#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "ops/ops.hpp"
#include "timeline/span_search.hpp"

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

}  // namespace

SimilarityEngine::SimilarityEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation)
    : SearchEngine(folder, device),
      parameters_(folder, config().dtype, cancellation),
      network_(layers::Parameters(parameters_, device, layers::to_scalar_type(io::traits_of(config().dtype).floating)),
               config()),
      texts_(make_texts(folder, network_, config(), cancellation)) {}

at::Tensor SimilarityEngine::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor embeddings = network_.embed_pictures(pixels.flatten(0, 1), cancellation);
  return embeddings.unflatten(0, {pixels.size(0), pixels.size(1)});
}

std::vector<timeline::FoundSpan> SimilarityEngine::search(const at::Tensor& tokens, const Query& query, double,
                                                          std::size_t most, const Cancellation& cancellation) const {
  return timeline::find_spans(similarities_of(tokens, texts_.of(query, cancellation), texts_.generic()),
                              config().similarity.search, config().similarity.logit_scale, most);
}

}  // namespace gvl::model
