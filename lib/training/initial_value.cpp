#include "training/initial_value.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace gvl::training {
namespace {

constexpr double kEmbeddingDeviation = 0.02;
// log odds of 1 in 55.
constexpr double kRareLogit = -4;
// Beside patches of unit size, places that are 0.02 apart would be found late.
constexpr double kPositionDeviation = 0.3;

std::uint64_t seed_of(std::string_view name, std::uint64_t seed) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ seed;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

bool contains(std::string_view name, std::string_view part) { return name.find(part) != name.npos; }

bool ends_residual_branch(std::string_view name) {
  for (const char* part : {"o_proj.", "down_proj.", "out_proj.", "attn.proj.", "fc2."}) {
    if (contains(name, part)) return true;
  }
  return false;
}

std::int64_t layers_of(std::string_view name, const ModelConfig& config) {
  if (name.starts_with("spatial_encoder.")) return config.spatial.layers;
  if (name.starts_with("temporal_encoder.")) return config.temporal.layers;
  return config.language.layers;
}

using Frequency = std::pair<std::int64_t, std::int64_t>;  // half waves over a patch's height and width

/** `count` frequencies: the slow ones in order, and the last third spread over all that are faster. */
std::vector<Frequency> choose_frequencies(std::int64_t count, std::int64_t patch) {
  std::vector<Frequency> all;
  for (std::int64_t sum = 0; sum <= 2 * (patch - 1); ++sum) {
    for (std::int64_t u = std::max<std::int64_t>(0, sum - patch + 1); u <= std::min(sum, patch - 1); ++u) {
      all.emplace_back(u, sum - u);
    }
  }
  const auto total = static_cast<std::int64_t>(all.size()), slow = std::min(count * 2 / 3, total);
  std::vector<Frequency> chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t fast = slow + (total - 1 - slow) * (i - slow) / std::max<std::int64_t>(count - slow, 1);
    chosen.push_back(all[static_cast<std::size_t>(std::clamp<std::int64_t>(i < slow ? i : fast, 0, total - 1))]);
  }
  return chosen;
}

/** [patch]: `half_waves` of a cosine (a row of the discrete cosine transform, unscaled). */
at::Tensor cosine(std::int64_t half_waves, std::int64_t patch) {
  const at::Tensor places = at::arange(patch, at::kFloat).add(0.5).div(static_cast<double>(patch));
  return places.mul(std::numbers::pi * static_cast<double>(half_waves)).cos();
}

/**
 * Cosine functions of a patch in brightness and two colour differences, each scaled so that natural pictures, whose
 * spectrum falls as 1 / frequency, excite them about equally: what is fine is seen from the start.
 */
at::Tensor cosine_patches(const std::vector<std::int64_t>& shape) {
  const std::int64_t width = shape[0], patch = shape.back();
  const double inputs = 3.0 * static_cast<double>(patch * patch);
  const std::int64_t of_brightness = width * 2 / 3, of_colour = (width - of_brightness) / 2;
  const std::pair<at::Tensor, std::int64_t> colours[] = {
      {at::tensor({1.0, 1.0, 1.0}, at::kFloat), of_brightness},
      {at::tensor({1.0, -1.0, 0.0}, at::kFloat), of_colour},
      {at::tensor({0.5, 0.5, -1.0}, at::kFloat), width - of_brightness - of_colour}};
  std::vector<at::Tensor> filters;
  for (const auto& [colour, count] : colours) {
    for (const auto& [u, v] : choose_frequencies(count, patch)) {
      const double frequency = std::hypot(static_cast<double>(u), static_cast<double>(v));
      const double gain = std::min(1.0, (1 + frequency) / std::sqrt(inputs)) * 2 / static_cast<double>(patch);
      const at::Tensor picture = at::outer(cosine(u, patch), cosine(v, patch)).mul(gain / std::sqrt(3.0));
      filters.push_back(colour.view({3, 1, 1}).mul(picture));
    }
  }
  return at::stack(filters).reshape(shape);
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
  return contains(name, "embed_tokens") || contains(name, "embedding.weight") || contains(name, "class_embedding") ||
         contains(name, "cls_token") || contains(name, "_GN") || contains(name, "newline") || contains(name, "lm_head");
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
  if (contains(name, "training.dense_") && name.ends_with(".bias")) return at::full(shape, kRareLogit);
  if (name.ends_with(".bias")) return at::zeros(shape);
  if (contains(name, "gamma") || (contains(name, "norm") && shape.size() == 1)) return at::ones(shape);
  if (contains(name, "patch_embed") && shape.size() >= 4) return cosine_patches(shape);
  if (name == "temporal_encoder.pos_embed") return space_time_places(shape, config, generator);
  if (contains(name, "pos_embed") || contains(name, "position_embedding")) return normal(kPositionDeviation);
  if (is_embedding(name)) return normal(kEmbeddingDeviation);
  std::int64_t inputs = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
  double deviation = 1 / std::sqrt(static_cast<double>(inputs));
  if (ends_residual_branch(name)) deviation /= std::sqrt(2.0 * static_cast<double>(layers_of(name, config)));
  return normal(deviation);
}

void order_temporal_rows(at::Tensor& table, const std::vector<std::int64_t>& ids, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const at::Tensor frequencies = at::tensor({0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0}, at::kFloat);
  const at::Tensor moments =
      at::arange(count, at::kFloat).div(static_cast<double>(std::max<std::int64_t>(count - 1, 1)));
  const at::Tensor angles = moments.unsqueeze(1).mul(frequencies).mul(2 * std::numbers::pi);
  const at::Tensor waves = at::cat({angles.sin(), angles.cos()}, 1);
  at::Generator generator = at::detail::createCPUGenerator(seed_of("temporal rows", seed));
  const at::Tensor mix = at::randn({waves.size(1), table.size(1)}, generator, at::kFloat);
  const double deviation = table.std().item<double>();
  const at::Tensor rows = at::matmul(waves, mix).mul(deviation / std::sqrt(static_cast<double>(frequencies.size(0))));
  table.index_copy_(0, at::tensor(ids, at::kLong), rows.to(table.scalar_type()));
}

}  // namespace gvl::training
