/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include "gvl-export.h"
#include "gvlflow.hpp"
#include "gvlwindowmeta.h"

namespace gvl::gst {

/** The window metas of `buffer` by increasing index; valid while the buffer and its metas are. */
GVL_API std::vector<GvlWindowMeta*> windows_of(GstBuffer* buffer);

/** The window's place in the flow; null when its segments came from no segmenter. */
GVL_API std::shared_ptr<Ticket> ticket_of(const GvlWindowMeta* meta);

GVL_API void set_flow(GvlWindowMeta* meta, std::shared_ptr<Ticket> ticket);

}  // namespace gvl::gst
