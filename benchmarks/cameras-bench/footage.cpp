/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/footage.hpp"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace gvl::benchmarks {

namespace {

constexpr const char* kMoving = "pinwheel";
constexpr const char* kBlack = "black";
constexpr const char* kBars = "smpte";

GstElement* parse(const std::string& description) {
  g_autoptr(GError) error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (!error) return pipeline;
  throw std::runtime_error(error->message);
}

void set_time(GstBuffer* buffer, long number) {
  const auto frame = static_cast<guint64>(number);
  GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = gst_util_uint64_scale(frame, GST_SECOND, kFrameRate);
  GST_BUFFER_DURATION(buffer) = GST_SECOND / kFrameRate;
}

}  // namespace

const char* Footage::pattern_at(double share) {
  if (share >= 0.2 && share < 0.3) return kBlack;
  return share >= 0.6 && share < 0.7 ? kBars : kMoving;
}

Footage::Footage(const CameraSettings& settings)
    : raw_caps_("video/x-raw,format=NV12,width=" + std::to_string(settings.width) +
                ",height=" + std::to_string(settings.height) + ",framerate=" + std::to_string(kFrameRate) + "/1"),
      window_frames_(std::max(1L, std::lround(settings.window * kFrameRate))),
      caps_(gst_caps_from_string(raw_caps_.c_str())) {
  const auto picture = [&](const char* pattern, int count, Buffers& to) {
    append("videotestsrc pattern=" + std::string(pattern) + " num-buffers=" + std::to_string(count) + " ! " +
               raw_caps_ + " ! appsink name=sink sync=false",
           to);
  };
  picture(kMoving, kFrameRate, moving_);
  picture(kBlack, 1, black_);
  picture(kBars, 1, bars_);
  if (settings.decode) encode(settings);
}

// The buffers that come out, and the caps where they are encoded.
void Footage::append(const std::string& description, Buffers& to) {
  GstElement* pipeline = parse(description);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  for (long number = 0; source && number < window_frames_; ++number) {
    GstBuffer* frame = gst_buffer_copy(raw(number));
    set_time(frame, number);
    gst_app_src_push_buffer(GST_APP_SRC(source), frame);
  }
  if (source) gst_app_src_end_of_stream(GST_APP_SRC(source));
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    if (source && to.empty()) caps_.reset(gst_caps_ref(gst_sample_get_caps(sample)));
    to.emplace_back(gst_buffer_ref(gst_sample_get_buffer(sample)));
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_clear_object(&source);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  if (to.empty()) throw std::runtime_error("no frames came out of " + description);
}

void Footage::encode(const CameraSettings& settings) {
  append("appsrc name=source format=time max-bytes=0 caps=" + raw_caps_ +
             " ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=50 bitrate=4000 ! "
             "video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1 ! "
             "video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false",
         packets_);
}

GstBuffer* Footage::raw(long number) const {
  const auto place = number % window_frames_;
  const char* pattern = pattern_at(static_cast<double>(place) / static_cast<double>(window_frames_));
  if (!std::strcmp(pattern, kMoving)) return moving_[static_cast<std::size_t>(number) % moving_.size()].get();
  return (std::strcmp(pattern, kBlack) ? bars_ : black_).front().get();
}

GstBuffer* Footage::frame(long number) const {
  GstBuffer* frame = gst_buffer_copy(
      packets_.empty() ? raw(number) : packets_[static_cast<std::size_t>(number) % packets_.size()].get());
  set_time(frame, number);
  return frame;
}

}  // namespace gvl::benchmarks
