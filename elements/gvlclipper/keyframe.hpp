/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

namespace gvl::gst {

/**
 * Whether a frame of these caps can be decoded without others. Of VP8 and VP9 the frame itself says it (RFC 6386,
 * section 9.1; VP9 bitstream specification, section 6.2), as not every demuxer does; of all else the buffer's flags.
 */
bool is_keyframe(const GstCaps* caps, GstBuffer* buffer);

/** Whether frames of these caps are not encoded. */
bool is_raw(const GstCaps* caps);

}  // namespace gvl::gst
