/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

namespace gvl::gst {

/**
 * Names of clips: a path with fields in the form of %{id}, %{start}, %{stop} (hours-minutes-seconds.milliseconds, or
 * "open" for the stop of what goes on), %{query}, %{task}, %{confidence} (per cent), %{source} and %{utc}
 * (20260131T120000.123Z, or no-utc). What a field stands for never leaves its folder: everything but letters, digits,
 * '.', '-' and '_' becomes '_', and it never begins with a point.
 */
class LocationPattern {
 public:
  /** Throws Error(kInvalidArgument) that names a field that there is none of, or an open bracket. */
  explicit LocationPattern(std::string pattern);

  /** The path for the clip of `event`, which has times. */
  std::string path_for(const GstStructure* event) const;

 private:
  std::string pattern_;
};

}  // namespace gvl::gst
