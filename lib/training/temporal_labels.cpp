/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/temporal_labels.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/softmax.h>

namespace gvl::training {

at::Tensor TemporalLabels::smoothed(const at::Tensor& log_probabilities, const at::Tensor& moments) const {
  const at::Tensor all = at::arange(ids.size(0), moments.options().dtype(at::kFloat));
  const at::Tensor distance = all.unsqueeze(0).sub(moments.to(at::kFloat).unsqueeze(1)).div(smoothing);
  const at::Tensor wanted = at::softmax(distance.square().mul(-0.5), 1);
  return wanted.mul(log_probabilities).sum(1).neg();
}

}  // namespace gvl::training
