/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace gvl::runtime {

/**
 * The device that a user names: "auto" (CUDA when there is one), "cpu", "cuda" (the first), "cuda:1", ... Throws
 * Error(kInvalidArgument) for what is no device's name, Error(kUnsupported) for CUDA where there is none.
 */
c10::Device choose_device(const std::string& name);

}  // namespace gvl::runtime
