/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-converter.hpp"

#include <algorithm>
#include <opencv2/core.hpp>
#include <string>

#include "gvl/error.hpp"
#include "gvlbuffer.hpp"

namespace gvl::gst {

namespace {

// A field that comes in a buffer of its own is a picture of half the height.
GstVideoInfo picture_info(const GstVideoInfo& info) {
  if (GST_VIDEO_INFO_INTERLACE_MODE(&info) != GST_VIDEO_INTERLACE_MODE_ALTERNATE) return info;
  GstVideoInfo field;
  gst_video_info_set_format(&field, GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_INFO_WIDTH(&info),
                            GST_VIDEO_INFO_FIELD_HEIGHT(&info));
  field.colorimetry = info.colorimetry;
  field.chroma_site = info.chroma_site;
  field.fps_n = info.fps_n;
  field.fps_d = info.fps_d;
  return field;
}

bool swaps_sides(GstVideoOrientationMethod orientation) {
  return orientation == GST_VIDEO_ORIENTATION_90R || orientation == GST_VIDEO_ORIENTATION_90L ||
         orientation == GST_VIDEO_ORIENTATION_UL_LR || orientation == GST_VIDEO_ORIENTATION_UR_LL;
}

// As videoflip does it. `turned` has its size already.
void turn_picture(const cv::Mat& picture, GstVideoOrientationMethod orientation, cv::Mat& turned) {
  switch (orientation) {
    case GST_VIDEO_ORIENTATION_90R:
      return cv::rotate(picture, turned, cv::ROTATE_90_CLOCKWISE);
    case GST_VIDEO_ORIENTATION_180:
      return cv::rotate(picture, turned, cv::ROTATE_180);
    case GST_VIDEO_ORIENTATION_90L:
      return cv::rotate(picture, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
    case GST_VIDEO_ORIENTATION_HORIZ:
      return cv::flip(picture, turned, 1);
    case GST_VIDEO_ORIENTATION_VERT:
      return cv::flip(picture, turned, 0);
    case GST_VIDEO_ORIENTATION_UL_LR:
      return cv::transpose(picture, turned);
    case GST_VIDEO_ORIENTATION_UR_LL:
      cv::transpose(picture, turned);
      return cv::flip(turned, turned, -1);
    default:
      return picture.copyTo(turned);
  }
}

std::vector<std::uint8_t> empty_picture(const VisionConfig& config) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(config.image_size * config.image_size * 3));
}

}  // namespace

Frame::Frame(GstBuffer* shown, const GstVideoInfo& format, GstClockTime stream_time, GstVideoOrientationMethod turned)
    : buffer(buffer_with_same_memory(shown)), info(picture_info(format)), time(stream_time), orientation(turned) {}

Frame::~Frame() { gst_buffer_unref(buffer); }

FrameConverter::FrameConverter(const VisionConfig& spatial, const VisionConfig& temporal, Reading reading)
    : reading_(reading), spatial_{spatial, empty_picture(spatial)}, temporal_{temporal, empty_picture(temporal)} {
  gst_video_info_init(&rgb_info_);
  gst_video_info_init(&converter_input_);
}

FrameConverter::~FrameConverter() {
  if (converter_) gst_video_converter_free(converter_);
}

void FrameConverter::spatial(const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out) {
  make(spatial_, frame, out);
}

void FrameConverter::temporal(const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out) {
  make(temporal_, frame, out);
}

void FrameConverter::make(Picture& picture, const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out) {
  if (last_.owner_before(frame) || frame.owner_before(last_)) read(frame);
  if (!picture.made) {
    const Picture& other = &picture == &spatial_ ? temporal_ : spatial_;
    if (other.made && other.config.image_size == picture.config.image_size && other.config.fit == picture.config.fit)
      picture.pixels = other.pixels;
    else
      make_picture(shown_, picture.config, picture.pixels);
    picture.made = true;
  }
  std::copy(picture.pixels.begin(), picture.pixels.end(), out.begin());
}

void FrameConverter::read(const std::shared_ptr<const Frame>& frame) {
  last_.reset();
  spatial_.made = temporal_.made = false;
  GstVideoFrame mapped;
  if (!gst_video_frame_map(&mapped, &frame->info, frame->buffer, GST_MAP_READ))
    throw Error(ErrorCode::kUnsupported,
                "the CPU cannot read the video frames' memory: put the element that downloads them (gldownload, "
                "cudadownload, videoconvert, ...) before gvlsegmenter");
  try {
    convert_to_rgb(mapped);
  } catch (...) {
    gst_video_frame_unmap(&mapped);
    throw;
  }
  gst_video_frame_unmap(&mapped);
  turn(frame->orientation);
  last_ = frame;
}

// Makes shown_ of rgb_.
void FrameConverter::turn(GstVideoOrientationMethod orientation) {
  shown_ = {rgb_.data(), GST_VIDEO_INFO_WIDTH(&rgb_info_), GST_VIDEO_INFO_HEIGHT(&rgb_info_),
            GST_VIDEO_INFO_PLANE_STRIDE(&rgb_info_, 0)};
  if (orientation == GST_VIDEO_ORIENTATION_IDENTITY) return;
  const cv::Mat picture(static_cast<int>(shown_.height), static_cast<int>(shown_.width), CV_8UC3, rgb_.data(),
                        static_cast<std::size_t>(shown_.stride));
  if (swaps_sides(orientation)) std::swap(shown_.width, shown_.height);
  shown_.stride = shown_.width * 3;
  turned_.resize(static_cast<std::size_t>(shown_.stride * shown_.height));
  shown_.data = turned_.data();
  cv::Mat turned(static_cast<int>(shown_.height), static_cast<int>(shown_.width), CV_8UC3, turned_.data());
  turn_picture(picture, orientation, turned);
}

void FrameConverter::convert_to_rgb(GstVideoFrame& mapped) {
  GstVideoConverter* converter = converter_for(mapped.info);
  rgb_.resize(GST_VIDEO_INFO_SIZE(&rgb_info_));
  GstBuffer* wrapped = gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), rgb_.data(), rgb_.size(), 0,
                                                   rgb_.size(), nullptr, nullptr);
  GstVideoFrame rgb;
  if (gst_video_frame_map(&rgb, &rgb_info_, wrapped, GST_MAP_WRITE)) {
    gst_video_converter_frame(converter, &mapped, &rgb);
    gst_video_frame_unmap(&rgb);
  }
  gst_buffer_unref(wrapped);
}

GstVideoConverter* FrameConverter::converter_for(const GstVideoInfo& input) {
  if (converter_ && gst_video_info_is_equal(&input, &converter_input_)) return converter_;
  if (converter_) gst_video_converter_free(converter_);
  converter_ = nullptr;
  set_rgb_info(input);
  GstStructure* options =
      gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD, GST_TYPE_VIDEO_RESAMPLER_METHOD,
                        GST_VIDEO_RESAMPLER_METHOD_LINEAR, nullptr);
  converter_ = gst_video_converter_new(const_cast<GstVideoInfo*>(&input), &rgb_info_, options);
  if (!converter_)
    throw Error(ErrorCode::kUnsupported, std::string("video format ") +
                                             gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&input)) +
                                             " cannot be converted to RGB");
  converter_input_ = input;
  return converter_;
}

// A reduced picture is large enough for a model's to be made of it without loss.
void FrameConverter::set_rgb_info(const GstVideoInfo& input) {
  auto width = static_cast<guint>(GST_VIDEO_INFO_WIDTH(&input)),
       height = static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&input));
  const auto shorter = std::min(width, height),
             enough = static_cast<guint>(2 * std::max(spatial_.config.image_size, temporal_.config.image_size));
  if (reading_ == Reading::kReduced && shorter > enough) {
    width = static_cast<guint>(gst_util_uint64_scale_round(width, enough, shorter));
    height = static_cast<guint>(gst_util_uint64_scale_round(height, enough, shorter));
  }
  gst_video_info_set_interlaced_format(&rgb_info_, GST_VIDEO_FORMAT_RGB, GST_VIDEO_INFO_INTERLACE_MODE(&input), width,
                                       height);
  rgb_info_.fps_n = GST_VIDEO_INFO_FPS_N(&input);
  rgb_info_.fps_d = GST_VIDEO_INFO_FPS_D(&input);
}

}  // namespace gvl::gst
