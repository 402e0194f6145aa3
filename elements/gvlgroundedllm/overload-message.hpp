/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <vector>

#include "event-origin.hpp"
#include "gvl/task.hpp"

namespace gvl::gst {

/**
 * What an application is told by a gvl-overload event: its fields, which stream of which source, while this segment of
 * it plays, and which queries its windows are asked. Null for any other event.
 */
GstMessage* overload_message_new(GstElement* element, GstEvent* event, const EventOrigin& origin,
                                 const GstSegment& segment, const std::vector<Query>& queries);

}  // namespace gvl::gst
