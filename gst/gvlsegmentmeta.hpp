/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "gvl-export.h"
#include "gvlsegmentmeta.h"

namespace gvl::gst {

/** The segment metas of `buffer` by increasing index; valid while the buffer and its metas are. */
GVL_API std::vector<GvlSegmentMeta*> segments_of(GstBuffer* buffer);

}  // namespace gvl::gst
