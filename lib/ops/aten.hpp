/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/ops.hpp"

/**
 * The operations of ops.hpp made of LibTorch's operators: any device, with autograd, of one type throughout (weights
 * of another type are converted to the activations'). They are also what the tests compare the kernels with.
 */
namespace gvl::ops::aten {

at::Tensor linear(const at::Tensor& x, const Weight& weight, const at::Tensor& bias);
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const ConvolutionOptions& options);
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale);
at::Tensor attention_behind(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences,
                            double scale);
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);
at::Tensor gelu(const at::Tensor& x);
at::Tensor quick_gelu(const at::Tensor& x);
at::Tensor silu_and_multiply(const at::Tensor& gate_up);
at::Tensor add_scaled(const at::Tensor& x, const at::Tensor& y, const at::Tensor& scale);
at::Tensor rotary(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);
at::Tensor embedding(const Weight& table, const at::Tensor& ids);

}  // namespace gvl::ops::aten
