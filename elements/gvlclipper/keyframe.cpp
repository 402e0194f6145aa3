/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keyframe.hpp"

#include <optional>

namespace gvl::gst {

namespace {

std::optional<guint8> first_byte(GstBuffer* buffer) {
  guint8 byte = 0;
  return gst_buffer_extract(buffer, 0, &byte, 1) == 1 ? std::optional(byte) : std::nullopt;
}

bool is_vp8_keyframe(guint8 tag) { return (tag & 1) == 0; }

bool is_vp9_keyframe(guint8 header) {
  constexpr guint8 kProfile3 = 0x30;
  // A bit more comes before these two in profile 3: whether an earlier frame is shown, and whether others are needed.
  const int type = (header & kProfile3) == kProfile3 ? 1 : 2;
  return (header >> type & 3) == 0;
}

}  // namespace

bool is_keyframe(const GstCaps* caps, GstBuffer* buffer) {
  const GstStructure* format = gst_caps_get_structure(caps, 0);
  const bool vp8 = gst_structure_has_name(format, "video/x-vp8"), vp9 = gst_structure_has_name(format, "video/x-vp9");
  const auto byte = vp8 || vp9 ? first_byte(buffer) : std::nullopt;
  if (byte) return vp8 ? is_vp8_keyframe(*byte) : is_vp9_keyframe(*byte);
  return !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
}

bool is_raw(const GstCaps* caps) { return gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw"); }

}  // namespace gvl::gst
