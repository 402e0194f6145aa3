/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "ground/frame-count.hpp"
#include "ground/report.hpp"

/*
 * What editing programs read. Events without times are left out.
 */

/**
 * An edit decision list (CMX 3600): the events one after the other, from 01:00:00:00 on. Empty, with the reason in
 * `fault`, where one has no room for them.
 */
std::string edit_list(const FoundEvents& found, const FrameCount& frames, std::string& fault);

/** An OpenTimelineIO timeline: the whole video as one clip, with a marker for each event. */
std::string otio_timeline(const FoundEvents& found, const FrameCount& frames);

/** The first and, behind it, the last frame of a timed event: at least one, and none behind the video's end. */
struct FrameRange {
  gint64 first, end;
};
FrameRange frame_range(const FoundEvents& found, const FrameCount& frames, GstClockTime start, GstClockTime stop);

/** What a video is called in editing programs: its file's name, or its URI. */
std::string clip_name(const FoundEvents& found);
