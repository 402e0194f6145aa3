/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/similarity_network.hpp"

#include <ATen/ops/cat.h>

#include <vector>

#include "vision/pooling.hpp"

namespace gvl::model {
namespace {

// Pictures in a product: more are no faster, and memory for their activations grows.
constexpr std::int64_t kTogether = 32;

}  // namespace

SimilarityNetwork::SimilarityNetwork(const layers::Parameters& parameters, const ModelConfig& config)
    : pictures_config_(config.spatial),
      device_(parameters.device()),
      activation_type_(parameters.activation_type()),
      pictures_(parameters, config.spatial, config.similarity.embedding_size),
      texts_(parameters, config.similarity.text, config.similarity.embedding_size) {}

at::Tensor SimilarityNetwork::embed_pictures(const at::Tensor& pixels, const Cancellation& cancellation) const {
  std::vector<at::Tensor> embeddings;
  for (const at::Tensor& some : pixels.split(kTogether)) {
    const at::Tensor values = vision::normalise(some.to(device_), pictures_config_, activation_type_);
    embeddings.push_back(pictures_.forward(values, cancellation));
  }
  return at::cat(embeddings);
}

}  // namespace gvl::model
