/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "gvlproperties.hpp"

namespace gvl::gst {

/** How clips are cut. Its initial values are the properties' defaults. */
struct ClipSettings {
  std::string location = "clip-%{id}.mkv";
  std::string muxer = "matroskamux";
  std::string encoder = "vp8enc deadline=1 cpu-used=4";
  bool accurate = false;
  bool alerts = false;
  GstClockTime pre_roll = GST_SECOND;
  GstClockTime post_roll = GST_SECOND;
  GstClockTime max_alert = 600 * GST_SECOND;
  GstClockTime history = 150 * GST_SECOND;
  gsize history_bytes = gsize{512} << 20;
  guint max_clips = 16;
};

struct ClipperSettings {
  ClipSettings clips;
  std::optional<std::string> events;  ///< a file
};

/** Installs the properties that ClipperSettings has. */
void install_clip_properties(GObjectClass* klass, Locked<ClipperSettings> (*settings_of)(GObject*));

}  // namespace gvl::gst
