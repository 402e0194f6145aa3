/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/report.hpp"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <string_view>

#include "ground/names.hpp"
#include "ground/programs.hpp"
#include "ground/remote.hpp"
#include "gvlevent.h"
#include "timeline/wording.hpp"

namespace {

constexpr GstClockTime kLongestWait = 10 * GST_SECOND;  // for a picture

constexpr const char* kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 "
    "1rem;color:#222;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;word-break:break-all}"
    ".line{position:relative;height:2rem;background:#eee;border-radius:4px;overflow:hidden}"
    ".line a{position:absolute;top:0;bottom:0;min-width:3px;border-radius:3px;opacity:.85}"
    ".scale{display:flex;justify-content:space-between;color:#666;font-size:.85rem}"
    "table{border-collapse:collapse;width:100%;margin-top:1rem}td,th{padding:.4rem .6rem;text-align:left;"
    "border-top:1px solid #ddd;vertical-align:top}img{width:12rem;display:block;border-radius:4px}"
    "meter{width:6rem}.none{color:#666}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.line{background:#333}td,th{border-color:#"
    "444}}";

constexpr const char* kColours[] = {"#0288d1", "#ef6c00", "#388e3c", "#c2185b", "#f9a825", "#7b1fa2"};

std::string escaped(const char* text) {
  g_autofree char* result = g_markup_escape_text(text ? text : "", -1);
  return result;
}

std::string formatted(const char* format, double number) {
  char text[64];
  g_ascii_formatd(text, sizeof text, format, number);
  return text;
}

std::string clock_of(GstClockTime time, const gvl::timeline::ClockStyle& style = {}) {
  return gvl::timeline::on_a_clock(gvl::timeline::Time(static_cast<gint64>(time)), style);
}

/** Without what would end a cue: any of WebVTT's ends of a line. */
std::string one_line_of(const GstStructure* event, const char* field) {
  const char* text = gst_structure_get_string(event, field);
  return escaped(on_one_line(text ? text : "").c_str());
}

/** A colour for each query, in the order in which they come. */
class Palette {
 public:
  const char* colour_of(const GstStructure* event) {
    const std::string query = gst_structure_get_string(event, "query");
    auto known = std::find(queries_.begin(), queries_.end(), query);
    if (known == queries_.end()) known = queries_.insert(known, query);
    return kColours[static_cast<std::size_t>(known - queries_.begin()) % G_N_ELEMENTS(kColours)];
  }

 private:
  std::vector<std::string> queries_;
};

double confidence_of(const GstStructure* event) {
  double confidence = 0;
  gst_structure_get_double(event, "confidence", &confidence);
  return confidence;
}

/** A JPEG picture as the address of an image; empty where there is none. */
std::string address_of(std::string_view jpeg) {
  if (jpeg.empty()) return {};
  g_autofree char* data = g_base64_encode(reinterpret_cast<const guchar*>(jpeg.data()), jpeg.size());
  return std::string("data:image/jpeg;base64,") + data;
}

/** Frames of a video as small JPEG pictures, upright. What can be read only once has none. */
class Pictures {
 public:
  explicit Pictures(const FoundEvents& found) : known_(found.pictures) {
    std::string fault;
    const std::string uri = known_.empty() ? uri_of(found.video, fault) : "";
    if (uri.empty() || is_read_once(found.video)) return;
    pipeline_ = gst_parse_launch(
        "uridecodebin name=source ! videoconvert ! videoflip video-direction=auto ! videoscale ! "
        "video/x-raw,width=320,pixel-aspect-ratio=1/1 ! "
        "jpegenc quality=80 ! appsink name=sink sync=false max-buffers=1",
        nullptr);
    if (!pipeline_) return;
    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline_), "source");
    sink_ = gst_bin_get_by_name(GST_BIN(pipeline_), "sink");
    g_object_set(source, "uri", uri.c_str(), nullptr);
    choice_ = std::make_unique<ProgramChoice>(pipeline_, found.program);
    if (is_remote(found.video)) keep_from_files(pipeline_);
    gst_element_set_state(pipeline_, GST_STATE_PAUSED);
    gst_element_get_state(pipeline_, nullptr, nullptr, kLongestWait);
  }
  ~Pictures() {
    if (!pipeline_) return;
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    choice_.reset();
    gst_object_unref(sink_);
    gst_object_unref(pipeline_);
  }
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  /** What an event shows, the frame at `time`, as the address of an image; empty where there is none. */
  std::string of(std::size_t event, GstClockTime time) const {
    if (event < known_.size()) return address_of(known_[event]);
    if (!pipeline_ || !gst_element_seek_simple(pipeline_, GST_FORMAT_TIME,
                                               static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
                                               static_cast<gint64>(time)))
      return {};
    GstSample* sample = gst_app_sink_try_pull_preroll(GST_APP_SINK(sink_), kLongestWait);
    if (!sample) return {};
    GstMapInfo map;
    std::string address;
    if (gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ)) {
      address = address_of({reinterpret_cast<const char*>(map.data), map.size});
      gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
    }
    gst_sample_unref(sample);
    return address;
  }

 private:
  const std::vector<std::string>& known_;
  GstElement* pipeline_ = nullptr;
  GstElement* sink_ = nullptr;
  std::unique_ptr<ProgramChoice> choice_;
};

std::string timeline(const FoundEvents& found, std::size_t video, Palette& palette) {
  if (!GST_CLOCK_TIME_IS_VALID(found.duration) || found.duration == 0) return {};
  const auto percent = [&](GstClockTime time) {
    return formatted("%.3f", 100.0 * static_cast<double>(time) / static_cast<double>(found.duration));
  };
  std::string html = "<div class=line>";
  for (std::size_t i = 0; i < found.events.size(); ++i) {
    const GstStructure* event = found.events[i].get();
    GstClockTime start, stop;
    if (!times_of(event, &start, &stop)) continue;
    html += "<a href=\"#e" + std::to_string(video) + "-" + std::to_string(i) + "\" title=\"" +
            escaped(gst_structure_get_string(event, "query")) + "\" style=\"left:" + percent(start) +
            "%;width:" + percent(stop - start) + "%;background:" + palette.colour_of(event) + "\"></a>";
  }
  return html + "</div><div class=scale><span>0:00:00.000</span><span>" + clock_of(found.duration) + "</span></div>";
}

/** Where UTC is known. */
std::string utc_of(const GstStructure* event) {
  const char* start = gst_structure_get_string(event, "utc-start");
  const char* stop = gst_structure_get_string(event, "utc-stop");
  return start && stop ? "<br><small>" + escaped(start) + "<br>" + escaped(stop) + "</small>" : "";
}

std::string row(const FoundEvents& found, std::size_t video, std::size_t index, const Pictures& pictures,
                Palette& palette) {
  const GstStructure* event = found.events[index].get();
  GstClockTime start, stop;
  const bool timed = times_of(event, &start, &stop);
  const std::string picture = timed ? pictures.of(index, start + (stop - start) / 2) : "";
  const std::string id = "e" + std::to_string(video) + "-" + std::to_string(index);
  const double confidence = confidence_of(event);
  return "<tr id=\"" + id + "\"><td>" + (picture.empty() ? "" : "<img alt=\"\" src=\"" + picture + "\">") +
         "</td><td><b style=\"color:" + palette.colour_of(event) + "\">" +
         escaped(gst_structure_get_string(event, "query")) + "</b><br>" +
         escaped(gst_structure_get_string(event, "text")) + "</td><td>" +
         (timed ? clock_of(start) + "<br>" + clock_of(stop) : "") + utc_of(event) + "</td><td><meter value=\"" +
         formatted("%.3f", confidence) + "\"></meter> " + formatted("%.0f", confidence * 100) + " %</td></tr>\n";
}

}  // namespace

bool times_of(const GstStructure* event, GstClockTime* start, GstClockTime* stop) {
  return gst_structure_get(event, "start", G_TYPE_UINT64, start, "stop", G_TYPE_UINT64, stop, nullptr);
}

std::string json_line(const std::string& video, const GstStructure* event) {
  GstStructure* with_file = gst_structure_copy(event);
  gst_structure_set(with_file, "file", G_TYPE_STRING, readable_name(video).c_str(), nullptr);
  g_autofree char* line = gvl_event_to_json(with_file);
  gst_structure_free(with_file);
  return line;
}

std::string json_lines(const FoundEvents& found) {
  std::string lines;
  for (const EventPointer& event : found.events) lines += json_line(found.video, event.get()) + "\n";
  return lines;
}

std::string html_report(const std::vector<FoundEvents>& videos) {
  std::string html =
      "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width\"><title>Events</title><style>" +
      std::string(kStyle) + "</style>\n<h1>Events</h1>\n";
  Palette palette;
  for (std::size_t video = 0; video < videos.size(); ++video) {
    const FoundEvents& found = videos[video];
    html += "<h2>" + escaped(readable_name(found.video).c_str()) + "</h2>\n" + timeline(found, video, palette) + "\n";
    if (!found.error.empty()) html += "<p class=none>" + escaped(readable_text(found.error).c_str()) + "</p>\n";
    if (found.events.empty() && !found.error.empty()) continue;
    if (found.events.empty()) {
      html += "<p class=none>Nothing was found.</p>\n";
      continue;
    }
    const Pictures pictures(found);
    html += "<table><tr><th></th><th>Event</th><th>From, to</th><th>Confidence</th></tr>\n";
    for (std::size_t i = 0; i < found.events.size(); ++i) html += row(found, video, i, pictures, palette);
    html += "</table>\n";
  }
  return html + "</html>\n";
}

std::string web_vtt(const FoundEvents& found) {
  std::string text = "WEBVTT\n";
  for (const EventPointer& event : found.events) {
    GstClockTime start, stop;
    if (!times_of(event.get(), &start, &stop)) continue;
    std::string words = one_line_of(event.get(), "query");
    if (words.empty()) words = one_line_of(event.get(), "text");
    const auto padded = [](GstClockTime time) { return clock_of(time, {.hour_digits = 2}); };
    text += "\n" + padded(start) + " --> " + padded(stop) + "\n" + words + "\n";
  }
  return text;
}
