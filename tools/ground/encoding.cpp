/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/encoding.hpp"

#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>

#include <filesystem>
#include <vector>

#include "ground/names.hpp"

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

/** What encodebin finds encoders and a muxer for, whichever are installed; without sound where it finds none for that.
 */
void add_found_by_encodebin(const std::string& profile, std::vector<std::string>& encodings) {
  for (const char* sound : {":audio/x-opus", ""})
    encodings.push_back("encodebin name=" + std::string(kMuxer) + " profile=\"" + profile + sound + "\"");
}

std::string muxed_by(const char* muxer) { return std::string(" ! ") + muxer + " name=" + kMuxer; }

/**
 * Encoders and muxers, the best first. Those by name have settings of their own: they would be poor by their default
 * bitrates. The parser makes of openh264enc's byte stream what goes into files.
 */
std::vector<std::string> encodings_for(const std::string& ending) {
  const std::string vp8 = "vp8enc deadline=1 cpu-used=4 end-usage=cq cq-level=12 target-bitrate=20000000";
  std::vector<std::string> encodings;
  if (ending == ".webm") {
    encodings.push_back(vp8 + muxed_by("webmmux"));
    add_found_by_encodebin("video/webm:video/x-vp9", encodings);
  }
  if (ending != ".mkv" && ending != ".mp4") return encodings;
  const std::string muxer = muxed_by(ending == ".mkv" ? "matroskamux" : "mp4mux");
  if (ending == ".mkv") encodings.push_back(vp8 + muxer);
  for (const char* encoder : {"x264enc ! h264parse", "openh264enc rate-control=bitrate bitrate=8000000 ! h264parse",
                              "avenc_mpeg4 bitrate=8000000"})
    encodings.push_back(encoder + muxer);
  for (const std::string format : {"video/x-h264", "video/x-h265"})
    add_found_by_encodebin((ending == ".mkv" ? "video/x-matroska:" : "video/quicktime,variant=iso:") + format,
                           encodings);
  return encodings;
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

/** Its width and height as caps have them; an usual size where that cannot be learnt: the analysis will say why. */
std::string size_of(const std::string& video) {
  std::string ignored, size = "width=320,height=240";
  g_autoptr(GstDiscoverer) discoverer = gst_discoverer_new(kLongestTrial, nullptr);
  g_autoptr(GstDiscovererInfo) info =
      discoverer ? gst_discoverer_discover_uri(discoverer, uri_of(video, ignored).c_str(), nullptr) : nullptr;
  GList* streams = info ? gst_discoverer_info_get_video_streams(info) : nullptr;
  if (streams) {
    const auto* stream = static_cast<GstDiscovererVideoInfo*>(streams->data);
    const guint width = gst_discoverer_video_info_get_width(stream);
    const guint height = gst_discoverer_video_info_get_height(stream);
    if (width > 0 && height > 0) size = "width=" + std::to_string(width) + ",height=" + std::to_string(height);
  }
  gst_discoverer_stream_info_list_free(streams);
  return size;
}

std::string fault_of(const std::string& chain, const std::string& size) {
  const std::string trial = "videotestsrc num-buffers=3 ! video/x-raw,format=I420,framerate=10/1," + size + " ! " +
                            chain + " ! fakesink sync=false";
  g_autoptr(GError) error = nullptr;
  GstElement* pipeline = gst_parse_launch_full(trial.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!pipeline) return error->message;
  const std::string fault = fault_of_running(pipeline);
  gst_object_unref(pipeline);
  return fault;
}

}  // namespace

bool has_known_ending(const std::string& file) { return !encodings_for(ending_of(file)).empty(); }

std::string drawing_and_encoding(const std::string& file, const std::string& video, std::string& fault) {
  const std::string size = size_of(video);
  for (const std::string& encoding : encodings_for(ending_of(file))) {
    const std::string chain = chain_with(encoding);
    const std::string reason = fault_of(chain, size);
    if (reason.empty()) return chain;
    fault += (fault.empty() ? "" : "; ") + encoding.substr(0, encoding.find(' ')) + ": " + reason;
  }
  return {};
}
