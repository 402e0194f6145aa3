/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask/answers.hpp"

#include <algorithm>
#include <optional>

#include "archive/days.hpp"
#include "ground/describe.hpp"
#include "ground/names.hpp"
#include "gvlevent.h"

namespace {

using gvl::archive::Time;

GstClockTime clock_time(Time time) { return static_cast<GstClockTime>(time.count()); }

double confidence_of(const Told& told) {
  double confidence = 0;
  gst_structure_get_double(told.said.get(), "confidence", &confidence);
  return confidence;
}

std::string text_of(const Told& told, const char* field) {
  const char* text = gst_structure_get_string(told.said.get(), field);
  return text ? text : "";
}

EventPointer located(GstStructure* said, const std::string& stream, const std::optional<Time>& utc_start,
                     const std::optional<Time>& utc_stop) {
  gst_structure_set(said, "source", G_TYPE_STRING, readable_text(stream).c_str(), nullptr);
  if (utc_start && utc_stop)
    gst_structure_set(said, "utc-start", G_TYPE_STRING, gvl::archive::utc_text(*utc_start).c_str(), "utc-stop",
                      G_TYPE_STRING, gvl::archive::utc_text(*utc_stop).c_str(), nullptr);
  return {said, gst_structure_free};
}

Told told(const gvl::archive::FoundEvent& found) {
  const auto& event = found.event;
  GstStructure* said = gvl_event_new(0, std::string(name_of(event.task)).c_str(), event.query.c_str(),
                                     event.text.c_str(), clock_time(event.start), clock_time(event.stop),
                                     event.confidence, clock_time(event.window_start), clock_time(event.window_stop));
  return {located(said, found.stream, found.utc_start, found.utc_stop), found.picture};
}

Told told(const gvl::archive::FoundWords& found) {
  const auto& answer = found.answer;
  GstStructure* said =
      gvl_answer_new(std::string(name_of(answer.task)).c_str(), answer.query.c_str(), answer.text.c_str(), TRUE,
                     answer.confidence, clock_time(answer.window_start), clock_time(answer.window_stop));
  return {located(said, found.stream, found.utc_start, found.utc_stop), {}};
}

}  // namespace

std::vector<Told> ranked(const gvl::archive::FoundInIndex& found, std::size_t most) {
  std::vector<Told> all;
  for (const auto& event : found.events) all.push_back(told(event));
  for (const auto& words : found.words) all.push_back(told(words));
  std::stable_sort(all.begin(), all.end(),
                   [](const Told& a, const Told& b) { return confidence_of(a) > confidence_of(b); });
  if (all.size() > most) all.resize(most);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (gst_structure_has_field(all[i].said.get(), "id"))
      gst_structure_set(all[i].said.get(), "id", G_TYPE_UINT64, static_cast<guint64>(i), nullptr);
  return all;
}

std::vector<Told> told(const std::vector<gvl::archive::StoredEvent>& events) {
  std::vector<Told> all;
  for (const auto& event : events) {
    GstStructure* said =
        gvl_event_new(all.size(), readable_text(event.task).c_str(), readable_text(event.query).c_str(),
                      readable_text(event.text).c_str(), clock_time(event.start), clock_time(event.stop),
                      event.confidence, clock_time(event.start), clock_time(event.stop));
    all.push_back({located(said, event.stream, event.utc_start, event.utc_stop), {}});
  }
  return all;
}

std::string line_of(const Told& told) {
  const std::string utc = text_of(told, "utc-start");
  return on_one_line(text_of(told, "source")) + (utc.empty() ? "" : "  " + utc) + "  " + describe(told.said.get());
}

std::string report_of(const std::vector<Told>& told) {
  std::vector<FoundEvents> streams;
  for (const Told& each : told) {
    const std::string name = text_of(each, "source");
    const auto is_it = [&](const FoundEvents& stream) { return stream.video == name; };
    auto stream = std::find_if(streams.begin(), streams.end(), is_it);
    if (stream == streams.end()) stream = streams.insert(stream, FoundEvents{.video = name});
    stream->events.push_back(each.said);
    stream->pictures.push_back(each.picture);
  }
  return html_report(streams);
}
