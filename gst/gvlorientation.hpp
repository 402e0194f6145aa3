/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <optional>

namespace gvl::gst {

/**
 * How a stream's pictures are turned before they are shown, by its tags `image-orientation`. The stream's own tag goes
 * before the one of the whole file. For the streaming thread.
 */
class OrientationTags {
 public:
  /** A TAG event: a list that does not name an orientation changes none. */
  void take(GstEvent* event) {
    GstTagList* tags = nullptr;
    GstVideoOrientationMethod method;
    gst_event_parse_tag(event, &tags);
    if (!gst_video_orientation_from_tag(tags, &method)) return;
    (gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_STREAM ? stream_ : global_) = method;
  }

  /** A new stream begins. */
  void forget() { *this = {}; }

  GstVideoOrientationMethod orientation() const {
    return stream_.value_or(global_.value_or(GST_VIDEO_ORIENTATION_IDENTITY));
  }

 private:
  std::optional<GstVideoOrientationMethod> stream_;
  std::optional<GstVideoOrientationMethod> global_;
};

}  // namespace gvl::gst
