/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"

namespace gvl::gst {

/**
 * Read-only memory of `size` bytes that `future` will provide. Mapping it waits; it fails (NULL) when the tensor
 * could not be computed or has another size. It is never shared in parts (GST_MEMORY_FLAG_NO_SHARE).
 */
GVL_API GstMemory* pending_memory_new(Future<Tensor> future, gsize size);

/** The future behind `memory`, or nullptr when it is another allocator's. Valid while the memory is. */
GVL_API const Future<Tensor>* pending_memory_future(GstMemory* memory);

}  // namespace gvl::gst
