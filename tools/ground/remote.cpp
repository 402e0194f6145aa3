/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/remote.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "ground/names.hpp"

namespace {

// Beginnings of schemes: rtspu, rtsph and rtmps, too.
constexpr const char* kLive[] = {"rtsp", "rtp", "rtmp", "udp", "srt", "rist", "tcp", "mms", "rfb"};
constexpr const char* kStored[] = {"http", "https", "ftp", "ftps", "sftp", "smb", "dav", "davs"};

std::string scheme_of(const std::string& video) {
  if (!is_uri(video)) return {};
  g_autofree char* scheme = gst_uri_get_protocol(video.c_str());
  g_autofree char* lower = g_ascii_strdown(scheme ? scheme : "", -1);
  return lower;
}

/** A source of what lies on this machine. */
bool reads_files(GstElement* element) {
  if (!GST_IS_URI_HANDLER(element)) return false;
  if (gst_uri_handler_get_uri_type(GST_URI_HANDLER(element)) != GST_URI_SRC) return false;
  const char* const* protocols = gst_uri_handler_get_protocols(GST_URI_HANDLER(element));
  return protocols && (g_strv_contains(protocols, "file") || g_strv_contains(protocols, "fd"));
}

void on_element(GstBin* pipeline, GstBin*, GstElement* element, gpointer) {
  if (!reads_files(element)) return;
  // It never starts. Its own error would only make a playlist's demuxer try again.
  gst_element_set_locked_state(element, TRUE);
  GST_ELEMENT_ERROR(pipeline, RESOURCE, NOT_AUTHORIZED, ("the server leads to a file of this machine"), (nullptr));
}

bool is_of_source(GstMessage* message) {
  return GST_IS_URI_HANDLER(GST_MESSAGE_SRC(message)) &&
         gst_uri_handler_get_uri_type(GST_URI_HANDLER(GST_MESSAGE_SRC(message))) == GST_URI_SRC;
}

std::string answer_of(guint status, const std::string& said) {
  const std::string number = std::to_string(status);
  if (status >= 300 && status < 400)
    return "the server redirects too often, or to what is not fetched (" + number + ")";
  return "the server answers " + number + ": " + said;
}

/** What an element says for developers, behind where it is said. */
std::string cause_in(const char* debug) {
  const std::string_view text = debug ? debug : "";
  const std::size_t place = text.find(":\n");
  return place == std::string_view::npos ? "" : std::string(text.substr(place + 2));
}

}  // namespace

bool is_live_by_scheme(const std::string& video) {
  const std::string scheme = scheme_of(video);
  return std::any_of(std::begin(kLive), std::end(kLive),
                     [&](const char* live) { return g_str_has_prefix(scheme.c_str(), live); });
}

bool is_remote(const std::string& video) {
  return is_live_by_scheme(video) ||
         std::find(std::begin(kStored), std::end(kStored), scheme_of(video)) != std::end(kStored);
}

void set_timeout(GstElement* source, double seconds) {
  const auto spec = [source](const char* name) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(source), name);
  };
  // souphttpsrc has seconds, rtspsrc microseconds; what is called "timeout" there is when it tries TCP instead of UDP.
  if (spec("tcp-timeout"))
    g_object_set(source, "tcp-timeout", static_cast<guint64>(seconds * G_USEC_PER_SEC), nullptr);
  else if (spec("timeout") && g_type_is_a(spec("timeout")->value_type, G_TYPE_UINT))
    g_object_set(source, "timeout", static_cast<guint>(std::ceil(seconds)), nullptr);
}

void keep_from_files(GstElement* pipeline) {
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(on_element), nullptr);
}

std::string reason_of_remote(GstMessage* message) {
  g_autoptr(GError) error = nullptr;
  g_autofree char* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const GstStructure* details = nullptr;
  gst_message_parse_error_details(message, &details);
  guint status = 0;
  if (details && gst_structure_get_uint(details, "http-status-code", &status) && status >= 300)
    return answer_of(status, error->message);
  if (!is_of_source(message)) return error->message;
  // souphttpsrc does not say why.
  if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED))
    return "the server cannot be reached, or breaks off";
  if (g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE))
    return "the server cannot be reached: " + cause_in(debug);
  if (g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ))
    return "the server breaks off, or does not answer as its scheme says: " + cause_in(debug);
  return error->message;
}
