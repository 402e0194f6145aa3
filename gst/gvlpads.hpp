/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

/** What elements and bins do with their pads. */
namespace gvl::gst {

/** Adds a requested pad, active where the element is past READY or on its way there. */
GVL_API void add_request_pad(GstElement* element, GstPad* pad);

/** Deactivates a requested pad, which waits for a push or chain that is under way, and removes it. */
GVL_API void remove_request_pad(GstElement* element, GstPad* pad);

/**
 * Adds the bin's pad `name`, of the template of that name: the pad `of_child` of its element `child`, or without a
 * target where that is NULL.
 */
GVL_API void add_ghost_pad(GstElement* bin, const char* name, GstElement* child, const char* of_child);

/**
 * What a GstPadEventFullFunction returns of an event that was `handled` or not. Where `srcpad`, to which it goes, is
 * being flushed or stopped, that is why it was not: of a refused sticky event upstream makes an error else.
 */
inline GstFlowReturn flow_of_event(bool handled, GstPad* srcpad) {
  if (handled) return GST_FLOW_OK;
  return GST_PAD_IS_FLUSHING(srcpad) ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

}  // namespace gvl::gst
