/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What is asked of an index later is what the elements were asked, or would have been: the same windows, the same
// events.

#include <cmath>
#include <filesystem>

#include "archive/asking.hpp"
#include "archive/catalogue.hpp"
#include "archive/days.hpp"
#include "archive/fingerprint.hpp"
#include "archive/index_writer.hpp"
#include "drawn-video.hpp"
#include "five.hpp"
#include "gvlevent.h"
#include "support/temporary.hpp"

using namespace gvl::test;
using gvl::archive::FoundInIndex;
using gvl::archive::IndexReader;
using Job = FakeModel::Job;

namespace {

namespace archive = gvl::archive;
namespace fs = std::filesystem;

std::string indexer(const fs::path& folder, const std::string& more = "") {
  return " ! gvlindexer index=" + folder.string() + " source-id=camera " + more;
}

FoundInIndex ask(const fs::path& folder, gvl::Model& model, const std::vector<gvl::Query>& queries,
                 double min_confidence, const archive::Stretch& stretch = {}) {
  archive::Question question;
  question.queries = queries;
  question.min_confidence = min_confidence;
  question.stretch = stretch;
  return archive::ask(IndexReader(folder), model, archive::fingerprint_of(model), question, {});
}

// ---- the default model --------------------------------------------------------------------------------------------

void check_near(const GstStructure* seen, const char* field, gvl::timeline::Time asked, GstClockTime within) {
  fail_unless(std::abs(static_cast<double>(uint64_of(seen, field)) - static_cast<double>(asked.count())) <=
                  static_cast<double>(within),
              "%s: %" G_GUINT64_FORMAT " and %" G_GINT64_FORMAT, field, uint64_of(seen, field),
              static_cast<gint64>(asked.count()));
}

/** How far apart the same event may be in the index and from the elements. */
struct Tolerance {
  GstClockTime time;
  double confidence;
};

void check_same(const GstStructure* seen, const gvl::timeline::GroundedEvent& asked, const Tolerance& tolerance) {
  fail_unless_equals_string(gst_structure_get_string(seen, "query"), asked.query.c_str());
  if (tolerance.time == 0) fail_unless_equals_string(gst_structure_get_string(seen, "text"), asked.text.c_str());
  check_near(seen, "start", asked.start, tolerance.time);
  check_near(seen, "stop", asked.stop, tolerance.time);
  check_near(seen, "window-start", asked.window_start, 0);
  check_near(seen, "window-stop", asked.window_stop, 0);
  double confidence = -1;
  gst_structure_get_double(seen, "confidence", &confidence);
  fail_unless(std::abs(confidence - asked.confidence) < tolerance.confidence, "%f and %f", confidence,
              asked.confidence);
}

void check_same(const Structures& seen, const FoundInIndex& found, double least, const Tolerance& tolerance) {
  Structures sure;
  for (const auto& event : seen) {
    double confidence = 0;
    gst_structure_get_double(event.get(), "confidence", &confidence);
    if (confidence >= least) sure.push_back(event);
  }
  std::vector<const gvl::timeline::GroundedEvent*> asked;
  for (const auto& each : found.events)
    if (each.event.confidence >= least) asked.push_back(&each.event);
  fail_unless_equals_int(sure.size(), asked.size());
  for (std::size_t i = 0; i < sure.size(); ++i) check_same(sure[i].get(), *asked[i], tolerance);
}

void push_all(Stream& stream, DrawnVideo& video) {
  for (std::int64_t i = 0; i < video.frames(); ++i) {
    fail_unless_equals_int(gst_harness_push(stream.harness(), video.buffer(i)), GST_FLOW_OK);
    drop_buffers(stream);
  }
  stream.eos();
  stream.expect_no_error();
}

/** With 16 bits every event however unsure; with 8 those that the model is sure enough of to tell, within two temporal
 * tokens. */
GVL_TEST(the_index_has_the_events_of_the_elements) {
  const TemporaryFolder folder;
  const std::shared_ptr<gvl::Model> model = gvl::Model::load(gvl::default_model_folder());
  FaultyVideo video(180);
  const auto queries = grounding({"the picture goes black", "the picture turns white", "the picture freezes"});
  StreamOptions options;
  options.caps = video.caps();
  options.duration = video.duration();
  options.model = model;
  Stream stream("gvlsegmenter max-pending=4 ! " + kEncoders + " ! gvlgroundedllm min-confidence=0 " +
                    as_property(queries) + indexer(folder / "16", "index-type=int16") +
                    indexer(folder / "8", "index-type=int8 index-utc=2026-01-31T23:59:00Z"),
                options);
  push_all(stream, video);
  const auto seen = stream.element_messages(GVL_EVENT_NAME);
  fail_unless(seen.size() >= 4);
  const auto found = ask(folder / "16", *model, queries, 0);
  check_same(seen, found, 0, {0, 2e-3});
  const double least = model->config().min_confidence;
  const auto found8 = ask(folder / "8", *model, queries, 0);
  check_same(seen, found8, least, {2 * GST_SECOND, 0.02});
  for (const auto& event : found8.events) {
    fail_unless(event.picture.starts_with("\xff\xd8") && event.picture.ends_with("\xff\xd9"));
    fail_unless(*event.utc_start - *archive::utc_of_text("2026-01-31T23:59:00Z") == event.event.start);
  }
  // What was told then is found by words.
  archive::Catalogue catalogue(folder / "16", archive::Catalogue::Mode::kRead);
  fail_unless_equals_int(catalogue.find({}).size(), seen.size());
  fail_unless(!catalogue.find({.words = "black goes"}).empty());
}

// ---- windows ------------------------------------------------------------------------------------------------------

void check_same_windows(const std::vector<FakeModel::Asked>& live, const std::vector<FakeModel::Asked>& later) {
  fail_unless(!live.empty());
  fail_unless_equals_int(live.size(), later.size());
  for (std::size_t i = 0; i < live.size(); ++i) {
    fail_unless(live[i].duration == later[i].duration && live[i].start == later[i].start, "window %zu", i);
    fail_unless(live[i].boundaries == later[i].boundaries, "window %zu", i);
    fail_unless_equals_int(live[i].segments.size(), later[i].segments.size());
    for (std::size_t k = 0; k < live[i].segments.size(); ++k)
      fail_unless(std::abs(live[i].segments[k] - later[i].segments[k]) < 0.01, "window %zu", i);
  }
}

void check_index(const fs::path& folder, const std::shared_ptr<FakeModel>& model) {
  FakeModel later;
  ask(folder, later, grounding({"when"}), 0);
  check_same_windows(model->asked(), later.asked());
}

/** One window, overlapping ones, and of a video that ends where none does. */
GVL_LOOP_TEST(windows_of_a_file_are_the_same, 3) {
  const TemporaryFolder folder;
  const GstClockTime durations[] = {GST_SECOND, 10 * GST_SECOND, GST_CLOCK_TIME_NONE};
  Setup setup(durations[number] == GST_CLOCK_TIME_NONE ? std::nullopt : std::optional(durations[number]));
  Stream stream(kFive + indexer(folder.path(), "index-type=int16"), setup.options);
  g_object_set(stream.element("s"), "window-duration", number == 0 ? 0 : GST_SECOND, "window-overlap", 0.5, nullptr);
  stream.push_range(0, number == 0 ? 25 : number == 1 ? 250 : 97);
  stream.eos();
  check_index(folder.path(), setup.model);
}

GVL_TEST(dropped_segments_are_substituted_the_same) {
  const TemporaryFolder folder;
  Setup setup(std::nullopt, true);
  Stream stream(kFive + indexer(folder.path(), "index-type=int16"), setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.5, "max-pending", 1,
               "alert-latency", guint64{0}, nullptr);
  stream.push_range(0, 20);
  setup.model->wait_done(Job::kFuse, 1);
  setup.model->hold(Job::kFuse);
  stream.push_range(20, 60);
  setup.model->release(Job::kFuse);
  setup.model->wait_done(Job::kFuse, setup.model->submitted(Job::kFuse));
  g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  stream.push_range(60, 151);
  stream.eos();
  fail_unless(stream.element_messages("gvl-skipped").size() > 0);
  check_index(folder.path(), setup.model);
}

GVL_TEST(sessions_are_asked_apart) {
  const TemporaryFolder folder;
  Setup setup(std::nullopt);
  Stream stream(kFive + indexer(folder.path(), "index-type=int16"), setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, nullptr);
  stream.push_range(0, 60);
  // A jump back.
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.push_range(0, 80);
  stream.eos();
  check_index(folder.path(), setup.model);
}

GVL_TEST(what_comes_after_a_flush_is_indexed) {
  const TemporaryFolder folder;
  Setup setup(std::nullopt);
  Stream stream(kFive + indexer(folder.path(), "index-type=int16"), setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, nullptr);
  setup.model->hold(Job::kFuse);
  stream.push_range(0, 40);
  stream.flush();
  const auto before = static_cast<std::ptrdiff_t>(setup.model->asked().size());
  setup.model->release(Job::kFuse);
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.push_range(0, 101);
  stream.eos();
  const auto all = setup.model->asked();
  FakeModel later;
  ask(folder.path(), later, grounding({"when"}), 0);
  check_same_windows({all.begin() + before, all.end()}, later.asked());
}

/** Of a stretch only what touches it is asked about, in the same windows. */
GVL_TEST(a_stretch_has_the_windows_that_touch_it) {
  const TemporaryFolder folder;
  Setup setup(60 * GST_SECOND);
  Stream stream(kFive + indexer(folder.path(), "index-type=int16 index-utc=2026-01-31T23:59:50Z"), setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.5, nullptr);
  stream.push_range(0, 1500);
  stream.eos();
  const auto all = setup.model->asked();
  const auto midnight = *archive::utc_of_text("2026-02-01T00:00:00Z");
  for (const bool utc : {false, true}) {
    archive::Stretch stretch{std::chrono::milliseconds(9700), std::chrono::milliseconds(12200), utc};
    if (utc) stretch = {midnight - std::chrono::milliseconds(300), midnight + std::chrono::milliseconds(2200), true};
    std::vector<FakeModel::Asked> expected;
    for (const auto& window : all)
      if (window.start + window.duration > 9.7 && window.start < 12.2) expected.push_back(window);
    FakeModel later;
    const auto found = ask(folder.path(), later, grounding({"when"}), 0, stretch);
    check_same_windows(expected, later.asked());
    fail_unless_equals_int(found.windows, expected.size());
  }
}

// ---- the bin, and what goes wrong ---------------------------------------------------------------------------------

GVL_TEST(gvlground_has_an_index) {
  const TemporaryFolder folder;
  Setup setup;
  Stream stream("gvlground name=g query=when source-id=gate index-type=int16 index=" + folder.path().string(),
                setup.options);
  stream.push_range(0, 25);
  stream.eos();
  stream.expect_no_error();
  const IndexReader index(folder.path());
  fail_unless_equals_string(index.read(index.folders().at(0), {})->name.c_str(), "gate");
  fail_unless_equals_uint64(stat_of(stream.element("g"), "indexed-segments"), 2);
  fail_unless_equals_uint64(stat_of(stream.element("g"), "indexed-events"), 1);
  check_index(folder.path(), setup.model);
}

GVL_TEST(without_an_index_nothing_is_written) {
  Setup setup;
  Stream stream("gvlground name=g query=when", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  stream.expect_no_error();
  fail_unless_equals_uint64(stat_of(stream.element("g"), "indexed-segments"), 0);
}

void expect_failure(const std::string& more, const char* text) {
  Setup setup;
  Stream stream(kFive + " ! gvlindexer source-id=camera " + more, setup.options);
  stream.push_range(0, 25);
  stream.eos();
  g_autoptr(GstMessage) message = stream.wait_message(GST_MESSAGE_ERROR);
  g_autoptr(GError) error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(strstr(error->message, text) != nullptr, "%s", error->message);
}

GVL_TEST(an_index_that_cannot_be_written_is_an_error) {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  expect_failure("index=" + (folder / "file").string(), "cannot be made");
  write_file(folder / "index.sqlite", std::string(2000, 'x'));
  expect_failure("index=" + folder.path().string(), "index.sqlite: cannot be used");
}

GVL_TEST(another_writer_of_the_stream_is_an_error) {
  const TemporaryFolder folder;
  archive::Run run;
  run.source = "camera";
  const archive::IndexWriter writer(folder.path(), run, {});
  expect_failure("index=" + folder.path().string(), "another writer indexes the stream camera");
}

GVL_TEST(another_model_is_an_error) {
  const TemporaryFolder folder;
  archive::Run run;
  run.source = "camera";
  run.fingerprint = "0123456789abcdef";
  { const archive::IndexWriter writer(folder.path(), run, {}); }
  expect_failure("index=" + folder.path().string(), "the index is of another model");
}

GVL_TEST(a_time_that_is_none_is_an_error) {
  GstElement* element = gst_element_factory_make("gvlindexer", nullptr);
  gst_object_ref_sink(element);
  g_object_set(element, "index-utc", "yesterday", "index", "/nowhere", nullptr);
  g_autoptr(GstBus) bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  g_autoptr(GError) error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(strstr(error->message, "index-utc=\"yesterday\"") != nullptr, "%s", error->message);
  gst_element_set_bus(element, nullptr);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}

/** Stopped with tokens that nobody computes. */
GVL_TEST(stopping_does_not_wait_for_tokens) {
  const TemporaryFolder folder;
  Setup setup(std::nullopt);
  setup.model->hold(Job::kFuse);
  {
    Stream stream(kFive + indexer(folder.path()), setup.options);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, nullptr);
    stream.push_range(0, 40);
  }
  setup.model->release(Job::kFuse);
}

}  // namespace
