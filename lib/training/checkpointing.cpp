/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/checkpointing.hpp"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>

namespace gvl::training {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using Recomputed = std::function<at::Tensor(const at::Tensor&)>;

/** Keeps the function alive in an autograd context. */
struct Holder : torch::CustomClassHolder {
  explicit Holder(Recomputed function) : function(std::move(function)) {}
  Recomputed function;
};

struct Checkpointed : torch::autograd::Function<Checkpointed> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, c10::intrusive_ptr<Holder> holder) {
    context->save_for_backward({x});
    context->saved_data["function"] = c10::IValue::make_capsule(holder);
    // As it will be computed again: without a gradient, operations would take other ways and might overwrite x.
    const at::AutoGradMode gradient(true);
    return holder->function(x.detach()).detach();
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto capsule = context->saved_data["function"].toCapsule();
    const auto& function = static_cast<const Holder&>(*capsule).function;
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
    const at::AutoGradMode gradient(true);
    torch::autograd::backward({function(x)}, {gradients[0]});
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor run_checkpointed(const Recomputed& function, const at::Tensor& x) {
  return Checkpointed::apply(x, c10::make_intrusive<Holder>(function));
}

}  // namespace gvl::training
