/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/device.hpp"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <optional>

#include "gvl/error.hpp"

namespace gvl::runtime {

c10::Device choose_device(const std::string& name) {
  const bool cuda = at::hasCUDA();
  if (name == "auto") return cuda ? c10::Device(at::kCUDA, 0) : c10::Device(at::kCPU);
  std::optional<c10::Device> device;
  try {
    device.emplace(name);
  } catch (const c10::Error&) {
    throw Error(ErrorCode::kInvalidArgument, "device \"" + name + "\": not a device's name; try auto, cpu or cuda");
  }
  if (device->is_cuda() && !cuda) {
    throw Error(ErrorCode::kUnsupported, "device \"" + name + "\": this LibTorch sees no CUDA device");
  }
  if (device->is_cuda() && !device->has_index()) return c10::Device(at::kCUDA, 0);
  return *device;
}

}  // namespace gvl::runtime
