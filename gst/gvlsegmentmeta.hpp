/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "gvlsegmentmeta.h"

namespace gvl::gst {

/** The segment metas of `buffer` by increasing index; valid while the buffer and its metas are. */
std::vector<GvlSegmentMeta*> segments_of(GstBuffer* buffer);

}  // namespace gvl::gst
