/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/encoding.hpp"

#include <gst/gst.h>

#include <filesystem>
#include <vector>

namespace {

constexpr GstClockTime kLongestTrial = 20 * GST_SECOND;

/** Pipes and descriptors have no ending; Matroska can be written to them. */
std::string ending_of(const std::string& file) {
  std::error_code ignored;
  if (g_str_has_prefix(file.c_str(), "/dev/") || g_str_has_prefix(file.c_str(), "/proc/self/fd/") ||
      (std::filesystem::path(file).extension().empty() && std::filesystem::is_fifo(file, ignored)))
    return ".mkv";
  g_autofree char* ending = g_ascii_strdown(std::filesystem::path(file).extension().c_str(), -1);
  return ending;
}

/** Encoders and muxers, the best first. */
std::vector<std::string> encodings_for(const std::string& ending) {
  const std::string vp8 = "vp8enc deadline=1 cpu-used=4 end-usage=cq cq-level=12 target-bitrate=20000000";
  if (ending == ".webm") return {vp8 + " ! webmmux"};
  // The parser makes of openh264enc's byte stream what goes into files. Some would be poor by their default bitrates.
  std::vector<std::string> encoders{"x264enc ! h264parse",
                                    "openh264enc rate-control=bitrate bitrate=8000000 ! h264parse",
                                    "avenc_mpeg4 bitrate=8000000"};
  if (ending == ".mkv") encoders.insert(encoders.begin(), vp8);
  if (ending != ".mkv" && ending != ".mp4") return {};
  for (std::string& encoder : encoders) encoder += ending == ".mkv" ? " ! matroskamux" : " ! mp4mux";
  return encoders;
}

/** Words are drawn upright, on video that is; not every encoder takes odd sizes. */
std::string chain_with(const std::string& encoding) {
  return "videoconvert name=in ! videoflip video-direction=auto ! gvloverlay name=overlay ! videoconvert ! videoscale "
         "! "
         "video/x-raw,width=(int)[2,16384,2],height=(int)[2,16384,2] ! videoconvert ! " +
         encoding;
}

/** What a pipeline says when it does not come to its end. */
std::string fault_of_running(GstElement* pipeline) {
  g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, kLongestTrial, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  if (!message) return "it does not come to an end";
  g_autoptr(GError) error = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, nullptr);
  gst_message_unref(message);
  return error ? error->message : "";
}

std::string fault_of(const std::string& chain) {
  const std::string trial =
      "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=64,height=64,framerate=10/1 ! " + chain +
      " ! fakesink sync=false";
  g_autoptr(GError) error = nullptr;
  GstElement* pipeline = gst_parse_launch_full(trial.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!pipeline) return error->message;
  const std::string fault = fault_of_running(pipeline);
  gst_object_unref(pipeline);
  return fault;
}

}  // namespace

bool has_known_ending(const std::string& file) { return !encodings_for(ending_of(file)).empty(); }

std::string drawing_and_encoding(const std::string& file, std::string& fault) {
  for (const std::string& encoding : encodings_for(ending_of(file))) {
    const std::string chain = chain_with(encoding);
    const std::string reason = fault_of(chain);
    if (reason.empty()) return chain;
    fault += (fault.empty() ? "" : "; ") + encoding.substr(0, encoding.find(' ')) + ": " + reason;
  }
  return {};
}
