/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "layers/parameters.hpp"
#include "ops/ops.hpp"

/** Weights with the operation that uses them. Parameter names are the checkpoints' ones. */
namespace gvl::layers {

struct LinearOptions {
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool bias = true;
};

/** x W^T + b: `weight` [out, in], `bias` [out]; while it is trained with LoRA, with the weight's adapters. */
class Linear {
 public:
  Linear(const Parameters& parameters, const LinearOptions& options);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  at::Tensor add_adapters(const at::Tensor& x, const at::Tensor& y) const;

  Weight weight_;
  at::Tensor bias_;
  std::vector<Adapter> adapters_;
};

/** `weight`, `bias` [width]. */
class LayerNorm {
 public:
  LayerNorm(const Parameters& parameters, std::int64_t width, double eps);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  double eps_;
};

/** `weight` [width]. */
class RmsNorm {
 public:
  RmsNorm(const Parameters& parameters, std::int64_t width, double eps);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  double eps_;
};

/**
 * The first layer of both vision transformers: pictures cut into patches, each through one linear map.
 * `weight` [width, 3, patch, patch] (or with a tubelet dimension of 1 after the 3), `bias` [width] if there is one.
 */
class PatchEmbedding {
 public:
  struct Options {
    std::int64_t patch_size = 0;
    std::int64_t width = 0;
    bool bias = false;
    bool tubelet = false;  ///< the weight has the shape of a Conv3d
  };

  PatchEmbedding(const Parameters& parameters, const Options& options);

  /** pictures [n, 3, S, S] -> [n, (S / patch)^2, width], patches row by row. */
  at::Tensor forward(const at::Tensor& pictures) const;

 private:
  std::int64_t patch_size_;
  Weight weight_;
  at::Tensor bias_;
};

/** A convolution of pictures, perhaps with a leaky ReLU: `weight` [out, in / groups, side, side], `bias` [out]. */
class Convolution {
 public:
  struct Options {
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::int64_t side = 1;  ///< of its kernel in pixels, odd
    std::int64_t stride = 1;
    double leak = 1;          ///< of the ReLU; 1: none
    std::int64_t groups = 1;  ///< of channels, each convolved by itself
  };

  Convolution(const Parameters& parameters, const Options& options);

  /** [n, in, height, width] -> [n, out, height / stride, width / stride], sides rounded up; edges padded with 0. */
  at::Tensor forward(const at::Tensor& x) const;

 private:
  at::Tensor kernels_;
  at::Tensor bias_;
  ops::ConvolutionOptions options_;
};

/** Linear, exact GELU, Linear: what takes a stream's features to the language model's width. */
class Projector {
 public:
  Projector(const Parameters& parameters, std::int64_t in, std::int64_t out);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  Linear linear_1_;
  Linear linear_2_;
};

}  // namespace gvl::layers
