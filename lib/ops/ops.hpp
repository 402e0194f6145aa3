/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ops/weight.hpp"

/**
 * What the models compute with: stateless functions over LibTorch tensors. On a CPU, without autograd, they run our
 * kernels on float32 activations; everywhere else (CUDA, autograd) LibTorch's operators with the same meaning. What
 * differs between LibTorch versions is hidden here.
 *
 * "Wide" below means any of float32, bfloat16, float16. All are thread safe; work is spread over at::get_num_threads(),
 * and for one kind of processor the result does not depend on their number. Shapes that do not fit throw c10::Error.
 *
 * "Without autograd" means that no input requires a gradient, or that at::GradMode is off. Nothing is changed in place
 * while it is on: an engine that only infers should hold an at::NoGradGuard or InferenceMode.
 */
namespace gvl::ops {

/**
 * x W^T + b. x [..., in]; weight [out, in], wide or quantised, row-major (perhaps a memory-mapped, unaligned file);
 * bias [out] or undefined. On a CPU x is float32 and so is the result; elsewhere x and the result have one type.
 * Few rows are a GEMV, which streams the weight once at memory speed; many are one matrix product (GEMM). With a
 * quantised weight and a processor that multiplies small integers well, a GEMM also quantises x: int8, with a scale for
 * each row and slice of kInt8Block columns.
 */
at::Tensor linear(const at::Tensor& x, const Weight& weight, const at::Tensor& bias = {});

struct ConvolutionOptions {
  std::int64_t stride = 1;
  double leak = 1;          ///< of a leaky ReLU behind it: what is negative is multiplied by this, 0-1
  std::int64_t groups = 1;  ///< of channels, in and out, each convolved by itself
};

/**
 * The kernels of a convolution of one group, or of each channel by itself, as convolution() likes to have them on a
 * CPU, without autograd; else as they are.
 */
at::Tensor pack_kernels(const at::Tensor& weight, std::int64_t groups = 1);

/**
 * Pictures x [n, in, height, width] by kernels [out, in / groups, k, k], k odd, at every `stride`-th place, edges
 * padded with 0, plus bias [out] or undefined: [n, out, ceil(height / stride), ceil(width / stride)]. `kernels` are
 * what pack_kernels() made of them, or they themselves, of x's type. On a CPU the result of packed ones lies channels
 * last.
 */
at::Tensor convolution(const at::Tensor& x, const at::Tensor& kernels, const at::Tensor& bias,
                       const ConvolutionOptions& options = {});

struct AttentionOptions {
  bool causal = false;  ///< query i sees keys 0 ... i + (key tokens - query tokens); needs as many keys as queries
  double scale = 0;     ///< of q k^T; 0: 1 / sqrt(head size)
};

/**
 * softmax(scale q k^T) v. q [batch, query tokens, heads, d]; k, v [batch, key tokens, kv heads, d], kv heads divides
 * heads (grouped-query attention). Any strides with a contiguous last dimension; k and v wide (a cache). Returns
 * [batch, query tokens, heads, d], contiguous, q's type. Never materialises all scores.
 */
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options);

/** Keys and values of consecutive positions: [1, tokens, kv heads, d] each. */
struct KeysValues {
  at::Tensor k, v;
};

/** One of several sequences that begin alike. */
struct Continuation {
  std::int64_t queries;  ///< rows of q, at least one
  KeysValues own;        ///< of all its positions behind the common beginning; the last ones are those of its queries
};

/**
 * Causal attention of sequences behind one `prefix`, which may have no positions: each row of q [1, tokens, heads, d],
 * the sequences' rows one behind the other, sees the prefix and, of its own sequence, what is not behind it. What
 * attention() says about strides and types holds here, too. The prefix is read once for all sequences. Returns
 * [1, tokens, heads, d].
 */
at::Tensor attention_behind(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences);

/** x / rms(x) * weight over the last dimension. */
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

/** GELU with the error function. May work in place: use only the result. */
at::Tensor gelu(at::Tensor x);

/** x sigmoid(1.702 x), CLIP's activation. May work in place: use only the result. */
at::Tensor quick_gelu(at::Tensor x);

/** silu(gate) * up, where gate_up [..., 2 n] holds gate, then up. Returns [..., n]. */
at::Tensor silu_and_multiply(const at::Tensor& gate_up);

/** x + y * scale, scale over the last dimension (LayerScale and residual); without scale x + y. May overwrite x. */
at::Tensor add_scaled(at::Tensor x, const at::Tensor& y, const at::Tensor& scale = {});

/**
 * Rotary position embedding, "rotate half": x [batch, tokens, heads, d], cos and sin float32 [tokens, d / 2], or
 * [batch, tokens, d / 2] where each sequence has positions of its own.
 * May work in place: use only the result.
 */
at::Tensor rotary(at::Tensor x, const at::Tensor& cos, const at::Tensor& sin);

/** The rows of table [n, d] (wide or quantised) named by ids int64 [m], in float32 on a CPU: [m, d]. */
at::Tensor embedding(const Weight& table, const at::Tensor& ids);

/** Sets the CPU threads of the whole engine; 0: as many as there are cores. Call on each thread that computes. */
void set_threads(int threads);

/**
 * What a user should know where LibTorch's own products do not use this processor's instructions: training, and what
 * benchmarks compare with, go through them. Empty where they do or where that cannot be told.
 */
std::string blas_hint();

}  // namespace gvl::ops
