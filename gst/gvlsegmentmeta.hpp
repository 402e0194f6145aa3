/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include "gvl-export.h"
#include "gvlflow.hpp"
#include "gvlsegmentmeta.h"

namespace gvl::gst {

/** The segment metas of `buffer` by increasing index; valid while the buffer and its metas are. */
GVL_API std::vector<GvlSegmentMeta*> segments_of(GstBuffer* buffer);

/** The segment's place in the flow; null for a meta that no segmenter made. */
GVL_API std::shared_ptr<Ticket> ticket_of(const GvlSegmentMeta* meta);

/** What the segment's run has in common; null for a meta that no segmenter made. */
GVL_API std::shared_ptr<RunState> state_of(const GvlSegmentMeta* meta);

/** Whether a gvlsegmenter comes before this sink pad: it need not have found a segment. */
GVL_API bool segmenter_is_upstream(GstPad* sinkpad);

/** gvlsegmenter's answer to that; false for any other query. */
GVL_API bool answer_as_segmenter(GstQuery* query);

GVL_API void set_flow(GvlSegmentMeta* meta, std::shared_ptr<Ticket> ticket, std::shared_ptr<RunState> state);

}  // namespace gvl::gst
