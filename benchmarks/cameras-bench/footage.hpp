/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "cameras-bench/settings.hpp"

namespace gvl::benchmarks {

/**
 * What every camera shows, once in memory for all of them: in each window a moving picture, black for a tenth, and
 * colour bars for another.
 */
class Footage {
 public:
  /** Throws std::runtime_error where an encoder is missing. */
  explicit Footage(const CameraSettings& settings);

  GstCaps* caps() const { return caps_.get(); }

  /** The `number`-th frame of a camera (transfer full), which shares its memory with all others. */
  GstBuffer* frame(long number) const;

  /** The pattern of videotestsrc that is shown at this share of a window. */
  static const char* pattern_at(double share);

 private:
  struct Unref {
    void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  };
  using Buffers = std::vector<std::unique_ptr<GstBuffer, Unref>>;

  void append(const std::string& pipeline, Buffers& to);
  void encode(const CameraSettings& settings);
  GstBuffer* raw(long number) const;

  std::string raw_caps_;
  long window_frames_;
  std::unique_ptr<GstCaps, Unref> caps_;
  Buffers moving_, black_, bars_;
  Buffers packets_;  // of a window, where it is encoded
};

}  // namespace gvl::benchmarks
