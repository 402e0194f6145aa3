/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

#include "frame-ring.hpp"
#include "track.hpp"

namespace gvl::gst {

/** The element of a bin that takes several streams; none where there is none (transfer full). */
GstElement* find_muxer(GstBin* bin);

/** What a muxer, a part of a launch line, takes as such streams; any where it cannot be made. */
SharedCaps caps_of_tracks(const std::string& muxer, TrackKind kind);

/** A new pad of the muxer's for a stream of these caps; none where it has no place for one (transfer full). */
GstPad* request_pad_for(GstElement* muxer, const GstCaps* caps);

/** Whether the muxer goes on where a gap event says that nothing comes. */
bool takes_gaps(GstElement* muxer);
/** Whether it goes on while nothing comes of a stream that is no sound, or can be told so. */
bool takes_sparse(GstElement* muxer);

}  // namespace gvl::gst
