/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/initial_value.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <string_view>

#include "training/initialisation/cosine_basis.hpp"

namespace gvl::training {
namespace {

constexpr double kEmbeddingDeviation = 0.02;
// log odds of 1 in 55.
constexpr double kRareLogit = -4;
// Beside patches of unit size, places that are 0.02 apart would be found late.
constexpr double kPositionDeviation = 0.3;
// Of the waves that temporal tokens are made of, in turns a window.
constexpr double kTimeFrequencies[] = {0.25, 0.5, 1, 2, 4, 8, 16};

std::uint64_t seed_of(std::string_view name, std::uint64_t seed) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ seed;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

bool contains(std::string_view name, std::string_view part) { return name.find(part) != name.npos; }

bool ends_residual_branch(std::string_view name) {
  for (const char* part : {"down_proj.", "out_proj.", "attn.proj.", "fc2."}) {
    if (contains(name, part)) return true;
  }
  return false;
}

std::int64_t layers_of(std::string_view name, const ModelConfig& config) {
  if (name.starts_with("spatial_encoder.")) return config.spatial.layers;
  if (name.starts_with("temporal_encoder.")) return config.temporal.layers;
  return config.language.layers;
}

/** Places that are the sum of where and when: "the same place a frame ago" is one direction, not one for each place. */
at::Tensor space_time_places(const std::vector<std::int64_t>& shape, const ModelConfig& config,
                             at::Generator& generator) {
  const std::int64_t frames = config.frames_per_segment(), width = shape.back();
  const std::int64_t patches = config.temporal.grid() * config.temporal.grid();
  const double deviation = kPositionDeviation / std::numbers::sqrt2;
  const auto codes = [&](std::vector<std::int64_t> size) {
    return at::randn(size, generator, at::kFloat).mul(deviation);
  };
  const at::Tensor places =
      codes({1, patches, width}).add(codes({frames, 1, width})).reshape({1, frames * patches, width});
  return at::cat({codes({1, 1, width}), places}, 1);
}

bool is_embedding(std::string_view name) {
  return contains(name, "embedding.weight") || contains(name, "class_embedding") || contains(name, "cls_token") ||
         contains(name, "lm_head");
}

/** What the language model reads. Beside what its first layers add, short tokens would be found late. */
bool is_token(std::string_view name) {
  return contains(name, "embed_tokens") || contains(name, "_GN") || contains(name, "newline");
}

}  // namespace

at::Tensor initial_value(const std::string& name, const std::vector<std::int64_t>& shape, const ModelConfig& config,
                         std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed_of(name, seed));
  const auto normal = [&](double deviation) { return at::randn(shape, generator, at::kFloat).mul(deviation); };
  if (contains(name, ".lora_b")) return at::zeros(shape);
  if (contains(name, ".lora_a")) {
    // PEFT's kaiming_uniform(sqrt 5).
    return at::empty(shape, at::kFloat).uniform_(-1, 1, generator).div(std::sqrt(static_cast<double>(shape.back())));
  }
  // Most of what frames are asked about is not there: what is rare need not be learnt to be rare first.
  if (contains(name, "training.dense_")) return at::full(shape, name.ends_with(".bias") ? kRareLogit : 0);
  if (name.ends_with(".bias")) return at::zeros(shape);
  if (contains(name, "gamma") || (contains(name, "norm") && shape.size() == 1)) return at::ones(shape);
  if (contains(name, "patch_embed") && shape.size() >= 4) {
    const std::int64_t brightness = shape[0] * 2 / 3, colour = (shape[0] - brightness) / 2;
    return cosine_basis({brightness, colour, shape[0] - brightness - colour}, shape.back()).reshape(shape);
  }
  if (name == "temporal_encoder.pos_embed") return space_time_places(shape, config, generator);
  if (contains(name, "pos_embed") || contains(name, "position_embedding")) return normal(kPositionDeviation);
  if (is_token(name)) return normal(1);
  if (is_embedding(name)) return normal(kEmbeddingDeviation);
  std::int64_t inputs = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
  double deviation = 1 / std::sqrt(static_cast<double>(inputs));
  if (ends_residual_branch(name)) deviation /= std::sqrt(2.0 * static_cast<double>(layers_of(name, config)));
  return normal(deviation);
}

at::Tensor temporal_directions(std::int64_t hidden_size, std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed_of("temporal rows", seed));
  return at::randn({2 * static_cast<std::int64_t>(std::size(kTimeFrequencies)), hidden_size}, generator, at::kFloat);
}

void order_temporal_rows(at::Tensor& table, const std::vector<std::int64_t>& ids, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const at::Tensor frequencies = at::tensor(at::ArrayRef<double>(kTimeFrequencies), at::kFloat);
  const at::Tensor moments =
      at::arange(count, at::kFloat).div(static_cast<double>(std::max<std::int64_t>(count - 1, 1)));
  const at::Tensor angles = moments.unsqueeze(1).mul(frequencies).mul(2 * std::numbers::pi);
  const at::Tensor waves = at::cat({angles.sin(), angles.cos()}, 1);
  const double deviation = table.std().item<double>() / std::sqrt(static_cast<double>(frequencies.size(0)));
  const at::Tensor rows = at::matmul(waves, temporal_directions(table.size(1), seed)).mul(deviation);
  table.index_copy_(0, at::tensor(ids, at::kLong), rows.to(table.scalar_type()));
}

}  // namespace gvl::training
