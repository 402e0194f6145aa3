/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

#include "clip-recorder.hpp"

namespace gvl::gst {

/** Adds the templates of pads for what comes beside the video: audio_%u, subtitle_%u, data_%u. */
void add_track_templates(GstElementClass* klass);

/** Whether the template is one of those. */
bool is_track_template(const GstPadTemplate* pad_template);

/**
 * A new pad of that template and name, not yet the element's. `recorder` outlives it, and `muxer`, from any thread,
 * says what clips are made by.
 */
GstPad* new_track_pad(GstPadTemplate* pad_template, const std::string& name, ClipRecorder& recorder,
                      std::function<std::string()> muxer);
/** It is no pad of the element's any more. */
void forget_track_pad(GstPad* pad);

/** A name for a pad of that template that no pad of the element's has. */
std::string free_name(GstElement* element, const GstPadTemplate* pad_template);

}  // namespace gvl::gst
