/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A fixture's own frames, pushed as a video of the fixture's duration through real pipelines, give exactly the
 * fixture's text and seconds: from the five elements and from the bin, for every task and several queries.
 */

#include <algorithm>
#include <cmath>
#include <regex>
#include <utility>

#include "../lib/model/model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

struct Event {
  std::string query, text, task;
  bool timed = false;
  guint64 start = 0, stop = 0;
  double confidence = 0;
};

constexpr const char* kFiveElements =
    "gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm name=ask";
constexpr const char* kBin = "gvlground name=ask";

struct Unref {
  template <typename T>
  void operator()(T* object) const {
    gst_object_unref(object);
  }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

/** Pushes the fixture's frames into an appsrc, evenly over the fixture's duration, and ends the stream. */
void push_frames(GstElement* source, const Fixture& fixture) {
  const Tensor frames = fixture.tensors.get("frames_rgb");
  const std::int64_t count = frames.shape[0];
  // Rows as GstVideoInfo expects them, a multiple of four bytes long.
  const auto row = static_cast<std::size_t>(frames.shape[2] * 3), stride = (row + 3) / 4 * 4;
  const auto height = static_cast<std::size_t>(frames.shape[1]);
  const auto duration = static_cast<GstClockTime>(fixture.duration() * GST_SECOND);
  for (std::int64_t i = 0; i < count; ++i) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, stride * height, nullptr);
    gst_buffer_memset(buffer, 0, 0, stride * height);
    for (std::size_t y = 0; y < height; ++y) {
      gst_buffer_fill(buffer, y * stride, frames.as<char>() + (static_cast<std::size_t>(i) * height + y) * row, row);
    }
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(duration, i, count);
    GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(duration, i + 1, count) - GST_BUFFER_PTS(buffer);
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
  }
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "end-of-stream", &flow);
}

void set_up_source(GstElement* source, const Fixture& fixture) {
  const auto shape = fixture.tensors.info("frames_rgb").shape;
  gint numerator = 0, denominator = 1;
  gst_util_double_to_fraction(static_cast<double>(shape[0]) / fixture.duration(), &numerator, &denominator);
  g_autoptr(GstCaps) caps = gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "RGB", "width", G_TYPE_INT, static_cast<gint>(shape[2]), "height",
      G_TYPE_INT, static_cast<gint>(shape[1]), "framerate", GST_TYPE_FRACTION, numerator, denominator, nullptr);
  g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "duration",
               static_cast<guint64>(fixture.duration() * GST_SECOND), nullptr);
}

Event event_of(const GstStructure* structure) {
  Event event{gst_structure_get_string(structure, "query"), gst_structure_get_string(structure, "text"),
              gst_structure_get_string(structure, "task")};
  event.timed = gst_structure_get_uint64(structure, "start", &event.start) &&
                gst_structure_get_uint64(structure, "stop", &event.stop);
  gst_structure_get_double(structure, "confidence", &event.confidence);
  return event;
}

/** Runs the fixture's frames through `elements` and returns what came over the bus. */
std::vector<Event> run(const Fixture& fixture, const std::string& elements, const std::string& model, Task task,
                       const std::vector<std::string>& queries) {
  const std::string description = "appsrc name=source ! " + elements + " ! fakesink";
  g_autoptr(GError) error = nullptr;
  const Owned<GstElement> pipeline(gst_parse_launch(description.c_str(), &error));
  fail_if(error, "%s", error ? error->message : "");
  const Owned<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
  set_up_source(source.get(), fixture);
  const Owned<GstElement> ask(gst_bin_get_by_name(GST_BIN(pipeline.get()), "ask"));
  g_object_set(ask.get(), "model", model.c_str(), "max-new-tokens", 24, nullptr);
  gst_util_set_object_arg(G_OBJECT(ask.get()), "task", std::string(name_of(task)).c_str());
  GValue array = G_VALUE_INIT;
  gst_value_array_init(&array, 1);
  for (const std::string& query : queries) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, query.c_str());
    gst_value_array_append_and_take_value(&array, &value);
  }
  g_object_set_property(G_OBJECT(ask.get()), "queries", &array);
  g_value_unset(&array);

  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  push_frames(source.get(), fixture);
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  std::vector<Event> events;
  for (bool running = true; running;) {
    g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT));
    fail_if(!message, "no end of stream");
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      g_autoptr(GError) failure = nullptr;
      gst_message_parse_error(message, &failure, nullptr);
      ck_abort_msg("%s", failure->message);
    }
    if (gst_message_has_name(message, "gvl-event") || gst_message_has_name(message, "gvl-answer"))
      events.push_back(event_of(gst_message_get_structure(message)));
    running = GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return events;
}

/** The temporal tokens of an answer's text, in nanoseconds. */
std::vector<guint64> moments(const std::string& text, double duration) {
  static const std::regex token("<(\\d+)>");
  std::vector<guint64> times;
  for (auto i = std::sregex_iterator(text.begin(), text.end(), token); i != std::sregex_iterator(); ++i) {
    times.push_back(static_cast<guint64>(std::llround(std::stod((*i)[1]) * duration / 300 * GST_SECOND)));
  }
  return times;
}

std::string sentence(const Event& event) {
  const auto seconds = [](guint64 time) { return static_cast<double>(time) / GST_SECOND; };
  g_autofree char* text =
      g_strdup_printf("From %.2f seconds to %.2f seconds.", seconds(event.start), seconds(event.stop));
  return text;
}

/** The pairs of an answer's moments, each in order, by their starts. */
std::vector<std::pair<guint64, guint64>> intervals(const std::vector<guint64>& times) {
  std::vector<std::pair<guint64, guint64>> pairs;
  for (std::size_t i = 0; i + 1 < times.size(); i += 2) pairs.push_back(std::minmax(times[i], times[i + 1]));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void check_events(const Fixture& fixture, const char* name, std::vector<Event> events) {
  const io::JsonValue expected = fixture.expected.object("generation").object(name);
  const std::vector<guint64> times = moments(expected.string("text"), fixture.duration());
  fail_unless(times.size() >= 2);
  const auto pairs = intervals(times);
  // Which of several comes first depends on how near they are to the window's end.
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return std::pair(a.start, a.stop) < std::pair(b.start, b.stop); });
  const bool timed = std::string(name) != "qa" && std::string(name) != "referring";
  const std::size_t count = std::string(name) == "grounding" ? pairs.size() : events.size();
  fail_if(events.empty());
  fail_unless_equals_int(events.size(), count);
  for (std::size_t i = 0; i < events.size(); ++i) {
    // Of several moments each event says its own.
    const bool own = std::string(name) == "grounding" && count > 1;
    expect_text(events[i].text, own ? sentence(events[i]) : expected.string("text_seconds"));
    fail_unless(events[i].confidence > 0 && events[i].confidence <= 1);
    fail_if(events[i].timed && !timed, "an answer to a question has no time");
    if (std::string(name) != "grounding") continue;
    fail_unless(events[i].timed);
    fail_unless_equals_uint64(events[i].start, pairs[i].first);
    fail_unless_equals_uint64(events[i].stop, pairs[i].second);
  }
}

void check_fixture(const char* name) {
  const Fixture fixture = Fixture::open(io::test::fixture(name));
  const std::string model = converted(name).string();
  for (const char* elements : {kFiveElements, kBin}) {
    for (std::size_t i = 0; i < fixture_queries().size(); ++i) {
      const Query& query = fixture_queries()[i];
      check_events(fixture, kFixtureTasks[i], run(fixture, elements, model, query.task, {query.text}));
    }
  }
}

/** One that may not be redistributed, where it is at hand. */
void check_fixture_at_hand(const char* name) {
  if (find_fixture(name)) check_fixture(name);
}

}  // namespace

GVL_TEST(phi_from_the_elements_and_the_bin) { check_fixture("phi_c"); }

GVL_TEST(llama_from_the_elements_and_the_bin) { check_fixture("llama_c"); }

GVL_TEST(phi_with_the_real_tokenizer_and_a_real_clip) { check_fixture_at_hand("phi_a"); }

GVL_TEST(llama_with_a_real_clip) { check_fixture_at_hand("llama_a"); }

GVL_TEST(several_queries_share_one_video) {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const std::string asked = fixture_queries()[0].text, other = "A dog barks.";
  std::vector<Event> answers[2];  // to the one that is known, and to the other
  for (const auto& queries : {std::vector<std::string>{asked, other}, {other, asked}}) {
    answers[0].clear();
    answers[1].clear();
    for (const Event& event : run(fixture, kBin, converted("phi_c").string(), Task::kGrounding, queries))
      answers[event.query == other].push_back(event);
    check_events(fixture, "grounding", answers[0]);
    fail_if(answers[1].empty());
    fail_if(answers[1][0].text == answers[0][0].text, "another question, the same answer");
  }
}
