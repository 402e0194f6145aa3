/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>

#include "gvl-export.h"

namespace gvl::gst {

/** A buffer that is let go of where nobody takes it over. */
struct BufferUnref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPointer = std::unique_ptr<GstBuffer, BufferUnref>;

/**
 * A buffer with the same memory, flags, timestamps and metas. Unlike gst_buffer_copy() it never copies pixels, also
 * not those of memory with GST_MEMORY_FLAG_NO_SHARE, which only forbids to share parts of it. (transfer full)
 */
GVL_API GstBuffer* buffer_with_same_memory(GstBuffer* buffer);

/** `buffer` (transfer full) if metas may be added to it, otherwise a buffer with the same memory. */
GVL_API GstBuffer* make_metas_writable(GstBuffer* buffer);

}  // namespace gvl::gst
