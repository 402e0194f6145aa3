/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/layers.hpp"

#include <ATen/ops/cat.h>

#include "gvl/error.hpp"
#include "ops/ops.hpp"

namespace gvl::layers {

Linear::Linear(const Parameters& parameters, const LinearOptions& options)
    : weight_(parameters.matrix("weight", {options.out, options.in})), adapters_(parameters.adapters("weight")) {
  if (options.bias) bias_ = parameters.vector("bias", {options.out});
}

at::Tensor Linear::forward(const at::Tensor& x) const {
  const at::Tensor y = ops::linear(x, weight_, bias_);
  return adapters_.empty() ? y : add_adapters(x, y);
}

at::Tensor Linear::add_adapters(const at::Tensor& x, const at::Tensor& y) const {
  std::vector<at::Tensor> parts;
  std::int64_t row = 0;
  const auto keep_until = [&](std::int64_t end) {
    if (end > row) parts.push_back(y.narrow(-1, row, end - row));
    row = end;
  };
  for (const Adapter& adapter : adapters_) {
    keep_until(adapter.first_row);
    const std::int64_t rows = adapter.b.size(0);
    const at::Tensor added = ops::linear(ops::linear(x, adapter.a), adapter.b);
    parts.push_back(y.narrow(-1, row, rows).add(added, adapter.scale));
    row += rows;
  }
  keep_until(y.size(-1));
  return parts.size() == 1 ? parts.front() : at::cat(parts, -1);
}

LayerNorm::LayerNorm(const Parameters& parameters, std::int64_t width, double eps)
    : weight_(parameters.vector("weight", {width})), bias_(parameters.vector("bias", {width})), eps_(eps) {}

at::Tensor LayerNorm::forward(const at::Tensor& x) const { return ops::layer_norm(x, weight_, bias_, eps_); }

RmsNorm::RmsNorm(const Parameters& parameters, std::int64_t width, double eps)
    : weight_(parameters.vector("weight", {width})), eps_(eps) {}

at::Tensor RmsNorm::forward(const at::Tensor& x) const { return ops::rms_norm(x, weight_, eps_); }

PatchEmbedding::PatchEmbedding(const Parameters& parameters, const Options& options) : patch_size_(options.patch_size) {
  const std::int64_t patch = options.patch_size;
  if (patch < 1) throw Error(ErrorCode::kInvalidArgument, "a vision transformer's patch_size must be at least 1");
  const std::vector<std::int64_t> shape = options.tubelet ? std::vector<std::int64_t>{options.width, 3, 1, patch, patch}
                                                          : std::vector<std::int64_t>{options.width, 3, patch, patch};
  weight_ = parameters.matrix("weight", shape);
  if (options.bias) bias_ = parameters.vector("bias", {options.width});
}

at::Tensor PatchEmbedding::forward(const at::Tensor& pictures) const {
  const std::int64_t count = pictures.size(0);
  const std::int64_t grid = pictures.size(2) / patch_size_;
  const at::Tensor patches = pictures.view({count, 3, grid, patch_size_, grid, patch_size_})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({count, grid * grid, 3 * patch_size_ * patch_size_});
  return ops::linear(patches, weight_, bias_);
}

Convolution::Convolution(const Parameters& parameters, const Options& options)
    : kernels_(ops::pack_kernels(
          parameters.vector("weight", {options.out, options.in / options.groups, options.side, options.side}),
          options.groups)),
      bias_(parameters.vector("bias", {options.out})),
      options_{options.stride, options.leak, options.groups} {}

at::Tensor Convolution::forward(const at::Tensor& x) const { return ops::convolution(x, kernels_, bias_, options_); }

Projector::Projector(const Parameters& parameters, std::int64_t in, std::int64_t out)
    : linear_1_(parameters / "linear_1", {.in = in, .out = out}),
      linear_2_(parameters / "linear_2", {.in = out, .out = out}) {}

at::Tensor Projector::forward(const at::Tensor& x) const { return linear_2_.forward(ops::gelu(linear_1_.forward(x))); }

}  // namespace gvl::layers
