/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

#include "clip-recorder.hpp"

namespace gvl::gst {

/** Adds the templates of pads for what comes beside the video: audio_%u, subtitle_%u, data_%u. */
void add_track_templates(GstElementClass* klass);

/** Whether the template is one of those. */
bool is_track_template(const GstPadTemplate* pad_template);

/** What a pad asks of its element, which it may outlive: while it is the element's pad, from any thread. */
struct TrackPadOwner {
  ClipRecorder& (*recorder_of)(GstElement* element);
  std::string (*muxer_of)(GstElement* element);  ///< what clips are made by
};

/** A new pad of that template and name, not yet of the element, whose clips have it from here on. */
GstPad* new_track_pad(GstElement* element, GstPadTemplate* pad_template, const std::string& name,
                      const TrackPadOwner& owner);
/** It is no pad of the element's any more. */
void forget_track_pad(GstElement* element, GstPad* pad);

/** Pushes an event (transfer none) upstream from each of those pads. Whether one of them is linked to what takes it. */
bool push_from_track_pads(GstElement* element, GstEvent* event);

/** A name for a pad of that template that no pad of the element's has. */
std::string free_name(GstElement* element, const GstPadTemplate* pad_template);

}  // namespace gvl::gst
