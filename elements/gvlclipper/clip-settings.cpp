/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-settings.hpp"

namespace gvl::gst {

namespace {

/** Where a setting of the recorder's lives. */
template <auto member>
constexpr auto clips = [](auto& settings) -> auto& {
  return settings.clips.*member;
};

void install_times(PropertyTable<ClipperSettings>& table) {
  constexpr Range<guint64> times{0, G_MAXINT64};
  table.number({"pre-roll", "Pre-roll", "How long before the event a clip begins, in ns"},
               clips<&ClipSettings::pre_roll>, times);
  table.number({"post-roll", "Post-roll", "How long behind the event it ends, in ns"}, clips<&ClipSettings::post_roll>,
               times);
  table.number({"history", "History",
                "How much video is kept for events that are known late, in ns, by whole groups of pictures; a group "
                "that is longer is dropped"},
               clips<&ClipSettings::history>, times);
}

void install_alerts(PropertyTable<ClipperSettings>& table) {
  table.boolean({"alerts", "Alerts",
                 "Begin a clip when an event is told to have begun (open) and end it when that is over (closed), or "
                 "withdrawn; else when it is over"},
                clips<&ClipSettings::alerts>);
  table.number({"max-alert", "Longest alert",
                "How long a clip of an event goes on at the most while that is not over, in ns from the event's begin"},
               clips<&ClipSettings::max_alert>, Range<guint64>{0, G_MAXINT64});
}

}  // namespace

/**
 * GvlClipper:pre-roll:
 *
 * How long before its event a clip begins, in nanoseconds.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:post-roll:
 *
 * How long behind its event a clip ends, in nanoseconds.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:history:
 *
 * How much of the video is kept, in nanoseconds. It has to reach back to where the earliest clip begins when its event
 * becomes known.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:alerts:
 *
 * Whether a clip begins when a live stream tells that an event has begun, instead of when it is over.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:max-alert:
 *
 * Where a clip of an event that goes on ends at the latest, in nanoseconds from the event's start.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:location:
 *
 * The path of a clip, with fields in %{}. What they stand for is made safe for a file's name; nothing is overwritten.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:muxer:
 *
 * The muxer of each clip, as in a launch line, with its properties.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:encoder:
 *
 * The encoder of raw and of accurate clips, as in a launch line, with its properties.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:accurate:
 *
 * Whether encoded video is cut to the frame, which encodes it again, instead of at the keyframe before.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:history-bytes:
 *
 * How many bytes are kept of each stream, whatever #GvlClipper:history says.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:max-clips:
 *
 * How many clips are written at a time. Further events wait.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:events:
 *
 * A file of events, one JSON object a line, as gvl-ground --events writes it. It is read on the way to PAUSED.
 *
 * Since: 0.2
 */

/**
 * GvlClipper:stats:
 *
 * Counts since the start, and what is kept now: a structure whose fields are named in its description.
 *
 * Since: 0.2
 */

void install_clip_properties(GObjectClass* klass, Locked<ClipperSettings> (*settings_of)(GObject*)) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_READY);
  table.text({"location", "Location",
              "Where clips go: a path with the fields %{id}, %{start}, %{stop}, %{query}, %{task}, %{confidence}, "
              "%{source}, %{utc}; "
              "nothing that exists is overwritten"},
             clips<&ClipSettings::location>);
  table.text({"muxer", "Muxer", "What makes a file of frames, as in a launch line"}, clips<&ClipSettings::muxer>);
  table.text({"encoder", "Encoder", "What raw and accurate clips are encoded by, as in a launch line"},
             clips<&ClipSettings::encoder>);
  table.boolean({"accurate", "Accurate", "Cut encoded video to the frame, by encoding it again; else at a keyframe"},
                clips<&ClipSettings::accurate>);
  install_times(table);
  install_alerts(table);
  table.number({"history-bytes", "History in bytes", "How many bytes of each stream are kept at the most"},
               clips<&ClipSettings::history_bytes>, Range<guint64>{0, G_MAXUINT64});
  table.number({"max-clips", "Most clips", "How many clips are written at a time; further events wait for a place"},
               clips<&ClipSettings::max_clips>, Range<guint>{1, 1024});
  table.text({"events", "Events", "A file with one event a line, as JSON, beside those that come with the video"},
             &ClipperSettings::events);
}

}  // namespace gvl::gst
