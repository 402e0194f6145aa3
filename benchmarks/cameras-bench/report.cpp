/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/report.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <cstdio>

namespace gvl::benchmarks {

namespace {

constexpr double kMegabyte = 1e6;

double camera_seconds(const RunResult& run) { return run.seconds * static_cast<double>(run.cameras.size()); }

/** Per cent of a core for each camera. */
double share(double seconds, const RunResult& run) { return 100 * seconds / camera_seconds(run); }

/** Of what one takes and all of a run take. */
double each_further(double one, double all, const RunResult& run) {
  const auto further = static_cast<double>(run.cameras.size()) - 1;
  return further > 0 ? (all - one) / further : 0;
}

double windows_of(const RunResult& run) {
  guint64 windows = 0;
  for (const auto& camera : run.cameras) windows += camera.windows;
  return static_cast<double>(windows);
}

std::vector<double> ordered(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::string latency_text(const std::vector<double>& latencies) {
  char text[80];
  std::snprintf(text, sizeof text, "%6.2f %6.2f %6.2f", percentile(latencies, 0.5), percentile(latencies, 0.95),
                latencies.empty() ? 0 : latencies.back());
  return text;
}

void print_cameras(const RunResult& run) {
  std::printf("%-12s %8s %7s %7s %6s %9s   %s\n", "camera", "segments", "dropped", "windows", "events", "overloads",
              "seconds from a window's end: median, 95 %, worst");
  for (const auto& camera : run.cameras)
    std::printf("%-12s %8" G_GUINT64_FORMAT " %7" G_GUINT64_FORMAT " %7" G_GUINT64_FORMAT " %6" G_GUINT64_FORMAT
                " %9" G_GUINT64_FORMAT "   %s\n",
                camera.name.c_str(), camera.segments, camera.dropped, camera.windows, camera.events, camera.overloads,
                latency_text(ordered(camera.latencies)).c_str());
}

// ---- JSON -------------------------------------------------------------------------------------------------------

void add(JsonBuilder* builder, const char* name, double value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_double_value(builder, value);
}

void add_count(JsonBuilder* builder, const char* name, guint64 value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, static_cast<gint64>(value));
}

void add_latency(JsonBuilder* builder, const std::vector<double>& latencies) {
  json_builder_set_member_name(builder, "latency");
  json_builder_begin_object(builder);
  add_count(builder, "count", latencies.size());
  add(builder, "median", percentile(latencies, 0.5));
  add(builder, "p95", percentile(latencies, 0.95));
  add(builder, "worst", latencies.empty() ? 0 : latencies.back());
  json_builder_end_object(builder);
}

void add_camera(JsonBuilder* builder, const CameraResult& camera) {
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "name");
  json_builder_add_string_value(builder, camera.name.c_str());
  add_count(builder, "segments", camera.segments);
  add_count(builder, "dropped", camera.dropped);
  add_count(builder, "windows", camera.windows);
  add_count(builder, "events", camera.events);
  add_count(builder, "overloads", camera.overloads);
  add_latency(builder, ordered(camera.latencies));
  json_builder_end_object(builder);
}

void add_settings(JsonBuilder* builder, const CameraSettings& settings) {
  add(builder, "window", settings.window);
  add(builder, "overlap", settings.overlap);
  add(builder, "alert-latency", settings.alerts);
  add_count(builder, "queries", settings.queries.size());
  add_count(builder, "width", static_cast<guint64>(settings.width));
  add_count(builder, "height", static_cast<guint64>(settings.height));
  add_count(builder, "frame-rate", kFrameRate);
  add_count(builder, "answer-batch", static_cast<guint64>(settings.answer_batch));
  add_count(builder, "temporal-batch", static_cast<guint64>(settings.temporal_batch));
}

void add_run(JsonBuilder* builder, const RunResult& run) {
  add_count(builder, "cameras", run.cameras.size());
  add(builder, "seconds", run.seconds);
  add(builder, "load", run.load);
  add_count(builder, "dropped", run.dropped());
  add_latency(builder, run.latencies());
  add(builder, "processor-percent-each", share(run.processor.all, run));
  add(builder, "model-percent-each", share(run.processor.model, run));
  add(builder, "pictures-percent-each", share(run.processor.pictures, run));
  add(builder, "resident-bytes", run.resident);
}

}  // namespace

double Report::bytes_per_further() const { return each_further(one.resident, all.resident, all); }

double Report::settled_bytes_per_further() const { return each_further(one.settled, all.settled, all); }

void print(const Report& report) {
  const RunResult& run = report.all;
  print_cameras(run);
  const auto& processor = run.processor;
  std::printf(
      "%zu cameras of %dx%d at %d frames/s for %.0f s, a window of %.0f s, %zu queries each; load of the "
      "machine %.1f\n",
      run.cameras.size(), report.settings.width, report.settings.height, kFrameRate, run.seconds,
      report.settings.window, report.settings.queries.size(), run.load);
  std::printf("segments dropped %" G_GUINT64_FORMAT "; seconds from a window's end: median, 95 %%, worst %s\n",
              run.dropped(), latency_text(run.latencies()).c_str());
  std::printf("processor for each: %.2f %% of a core, of which the model %.2f, pictures %.2f, the rest %.2f\n",
              share(processor.all, run), share(processor.model, run), share(processor.pictures, run),
              share(processor.all - processor.model - processor.pictures, run));
  std::printf("the model alone: %.2f s for a window, %.2f %% of a core for each\n", report.window_alone,
              share(report.window_alone * windows_of(run), run));
  std::printf("memory at most: %.1f MB with one camera, %.1f MB with %zu, %.1f MB for each further one\n",
              report.one.resident / kMegabyte, run.resident / kMegabyte, run.cameras.size(),
              report.bytes_per_further() / kMegabyte);
  std::printf(
      "memory behind the first window: %.1f MB with one camera, %.1f MB with %zu, %.1f MB for each further one\n",
      report.one.settled / kMegabyte, run.settled / kMegabyte, run.cameras.size(),
      report.settled_bytes_per_further() / kMegabyte);
}

std::string to_json(const Report& report) {
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_settings(builder, report.settings);
  add_run(builder, report.all);
  add(builder, "resident-bytes-of-one", report.one.resident);
  add(builder, "bytes-per-further", report.bytes_per_further());
  add(builder, "settled-bytes-per-further", report.settled_bytes_per_further());
  add(builder, "model-alone-seconds", report.window_alone);
  json_builder_set_member_name(builder, "tried");
  json_builder_begin_array(builder);
  for (const int count : report.tried) json_builder_add_int_value(builder, count);
  json_builder_end_array(builder);
  json_builder_set_member_name(builder, "each");
  json_builder_begin_array(builder);
  for (const auto& camera : report.all.cameras) add_camera(builder, camera);
  json_builder_end_array(builder);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  g_autofree gchar* text = json_to_string(root, TRUE);
  return text;
}

}  // namespace gvl::benchmarks
