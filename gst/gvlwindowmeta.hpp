/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include "gvlflow.hpp"
#include "gvlwindowmeta.h"

namespace gvl::gst {

/** The window metas of `buffer` by increasing index; valid while the buffer and its metas are. */
std::vector<GvlWindowMeta*> windows_of(GstBuffer* buffer);

/** The window's place in the flow; null when its segments came from no segmenter. */
std::shared_ptr<Ticket> ticket_of(const GvlWindowMeta* meta);

void set_flow(GvlWindowMeta* meta, std::shared_ptr<Ticket> ticket);

}  // namespace gvl::gst
