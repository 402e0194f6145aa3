/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvl-export.h"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"
#include "gvltensormeta.h"

namespace gvl::gst {

/** Attaches a tensor that `future` will provide: of that `type` and `shape` (at most GVL_TENSOR_MAX_DIMS). */
GVL_API GvlTensorMeta* add_pending_tensor(GstBuffer* buffer, const char* id, guint64 segment, DataType type,
                                          const std::vector<std::int64_t>& shape, Future<Tensor> future);

/**
 * The tensor as the engine takes it: the future of a pending one, otherwise a ready one that keeps the data mapped.
 * Data of a foreign allocator are mapped here and now; a future with an error when that fails.
 */
GVL_API Future<Tensor> tensor_future(const GvlTensorMeta* meta);

}  // namespace gvl::gst
