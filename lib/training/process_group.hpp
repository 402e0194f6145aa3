/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace gvl::training {

/**
 * The processes that train together, through LibTorch's c10d. As torchrun does, the environment says who is who: RANK,
 * WORLD_SIZE, MASTER_ADDR, MASTER_PORT. One thread at a time; every process calls the same things in the same order.
 */
class ProcessGroup {
 public:
  /**
   * Joins the others and waits for all of them; a group of one without WORLD_SIZE, or with 1. Gloo for CPU tensors;
   * NCCL for CUDA ones where this LibTorch has it. Throws Error naming the variable that is missing or wrong.
   */
  static std::unique_ptr<ProcessGroup> join(c10::Device device);

  virtual ~ProcessGroup() = default;

  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;

  /** Makes `tensor`, contiguous and on the group's device, the sum of all processes' ones. Throws Error. */
  virtual void sum(at::Tensor& tensor) = 0;
};

}  // namespace gvl::training
