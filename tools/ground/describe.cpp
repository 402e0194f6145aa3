/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/describe.hpp"

#include "ground/names.hpp"
#include "timeline/wording.hpp"

namespace {

std::string seconds_of(guint64 time) {
  return gvl::timeline::in_seconds(gvl::timeline::Time(static_cast<gint64>(time)), 2) + " s";
}

/** Empty where there is no start. */
std::string range_of(const GstStructure* said, const char* start_field, const char* stop_field) {
  guint64 start = 0, stop = 0;
  if (!gst_structure_get_uint64(said, start_field, &start)) return {};
  const bool over = gst_structure_get_uint64(said, stop_field, &stop);
  return seconds_of(start) + " - " + (over ? seconds_of(stop) : "...");
}

std::string number_of(const GstStructure* said, const char* field) {
  double number = 0;
  gst_structure_get_double(said, field, &number);
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(text, sizeof text, "%.2f", number);
}

std::string text_of(const GstStructure* said, const char* field) {
  const char* text = gst_structure_get_string(said, field);
  return text ? text : "";
}

}  // namespace

std::string describe(const GstStructure* said) {
  const std::string range = range_of(said, "start", "stop"), query = shown_query(text_of(said, "query")),
                    state = text_of(said, "state");
  const bool over = state.empty() || state == "closed";
  return on_one_line((range.empty() ? "" : range + "  ") + number_of(said, "confidence") + "  " +
                     (over ? "" : state + "  ") + (query.empty() ? "" : query + ": ") + text_of(said, "text"));
}

std::string describe_verdict(const GstStructure* verdict) {
  const std::string best = range_of(verdict, "start", "stop"), query = shown_query(text_of(verdict, "query"));
  const bool timed = !best.empty();
  return on_one_line(range_of(verdict, "window-start", "window-stop") + "  " + text_of(verdict, "verdict") + ", " +
                     number_of(verdict, "confidence") +
                     (timed ? " of " + number_of(verdict, "min-confidence") : std::string()) + "  " + query +
                     (timed ? ", at best " + best : ""));
}
