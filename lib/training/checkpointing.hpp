/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace gvl::training {

/**
 * function(x), of which only x is kept: for the gradient the function is computed once more (Chen et al. 2016,
 * "Training deep nets with sublinear memory cost"). The function must give the same result both times; leaves that it
 * uses get their gradients.
 */
at::Tensor run_checkpointed(const std::function<at::Tensor(const at::Tensor&)>& function, const at::Tensor& x);

}  // namespace gvl::training
