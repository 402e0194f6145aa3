/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One launch line, several kinds of models: nothing but the model folder changes. With a similarity model the event is
 * when the picture is shown that transformers says is like the query.
 */

#include <array>
#include <cmath>
#include <optional>

#include "../lib/model/model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

constexpr const char* kLine =
    "appsrc name=source ! gvlsegmenter name=first ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! "
    "gvlgroundedllm name=ask max-new-tokens=24 ! fakesink";
constexpr std::int64_t kSize = 32;            // of a picture
constexpr std::int64_t kRate = 4;             // frames a second
constexpr std::int64_t kDuration = 60;        // seconds
constexpr std::int64_t kFrom = 20, kTo = 40;  // when the other picture is shown

struct Unref {
  template <typename T>
  void operator()(T* object) const {
    gst_object_unref(object);
  }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

std::string picture(std::size_t number) {
  const std::size_t bytes = kSize * kSize * 3;
  return read_file(fixture("clip/pictures.rgb")).substr(number * bytes, bytes);
}

void set_up_source(GstElement* source) {
  g_autoptr(GstCaps) caps = gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "RGB", "width", G_TYPE_INT, static_cast<gint>(kSize), "height",
      G_TYPE_INT, static_cast<gint>(kSize), "framerate", GST_TYPE_FRACTION, static_cast<gint>(kRate), 1, nullptr);
  g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "duration",
               static_cast<guint64>(kDuration) * GST_SECOND, nullptr);
}

/** One picture, and another in the middle. */
void push_video(GstElement* source, std::size_t usual, std::size_t other) {
  const std::array<std::string, 2> pictures{picture(usual), picture(other)};
  for (std::int64_t i = 0; i < kDuration * kRate; ++i) {
    const std::string& shown = pictures[i >= kFrom * kRate && i < kTo * kRate ? 1 : 0];
    GstBuffer* buffer = gst_buffer_new_memdup(shown.data(), shown.size());
    GST_BUFFER_PTS(buffer) = static_cast<guint64>(i) * GST_SECOND / kRate;
    GST_BUFFER_DURATION(buffer) = GST_SECOND / kRate;
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
  }
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "end-of-stream", &flow);
}

struct Event {
  double start = 0, stop = 0, confidence = 0;  // seconds
};

struct Outcome {
  std::vector<Event> events;
  std::string error;
};

struct Asked {
  std::string model, query, task = "grounding";
  double min_confidence = -1;  ///< the model's own
};

void take(const GstStructure* structure, Outcome& outcome) {
  guint64 start = 0, stop = 0;
  Event event;
  gst_structure_get_uint64(structure, "start", &start);
  gst_structure_get_uint64(structure, "stop", &stop);
  gst_structure_get_double(structure, "confidence", &event.confidence);
  event.start = static_cast<double>(start) / GST_SECOND;
  event.stop = static_cast<double>(stop) / GST_SECOND;
  outcome.events.push_back(event);
}

Outcome run(const Asked& asked, std::size_t usual, std::size_t other) {
  g_autoptr(GError) error = nullptr;
  const Owned<GstElement> pipeline(gst_parse_launch(kLine, &error));
  fail_if(error, "%s", error ? error->message : "");
  const Owned<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
  set_up_source(source.get());
  const Owned<GstElement> first(gst_bin_get_by_name(GST_BIN(pipeline.get()), "first"));
  const Owned<GstElement> ask(gst_bin_get_by_name(GST_BIN(pipeline.get()), "ask"));
  g_object_set(first.get(), "model", asked.model.c_str(), nullptr);
  g_object_set(ask.get(), "query", asked.query.c_str(), "min-confidence", asked.min_confidence, nullptr);
  gst_util_set_object_arg(G_OBJECT(ask.get()), "task", asked.task.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  push_video(source.get(), usual, other);
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  Outcome outcome;
  for (bool running = true; running;) {
    g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT));
    fail_if(!message, "no end of stream");
    if (gst_message_has_name(message, "gvl-event")) take(gst_message_get_structure(message), outcome);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      g_autoptr(GError) failure = nullptr;
      gst_message_parse_error(message, &failure, nullptr);
      outcome.error = failure->message;
    }
    running = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return outcome;
}

/** A text and two pictures of a fixture, of which the second is more like the text, as transformers has it. */
struct Likeness {
  std::string text;
  std::size_t usual = 0, other = 0;
  double difference = 0;
};

Likeness greatest_likeness(const char* name) {
  const io::JsonValue expected = io::JsonValue::load(fixture(name) / "expected.json");
  const auto numbers = [](const io::JsonValue& array) {
    std::vector<double> values;
    for (const io::JsonValue& value : array.elements()) values.push_back(value.as_number());
    return values;
  };
  std::vector<std::vector<double>> pictures;
  for (const io::JsonValue& picture : expected.array("pictures").elements()) pictures.push_back(numbers(picture));
  Likeness best;
  for (const io::JsonValue& text : expected.array("texts").elements()) {
    // What a query's text may not say.
    const std::string words = text.string("text");
    if (words.find("a ") != 0) continue;
    const std::vector<double> embedding = numbers(text.array("embedding"));
    std::vector<double> cosines;
    for (const auto& picture : pictures) {
      cosines.push_back(0);
      for (std::size_t i = 0; i < embedding.size(); ++i) cosines.back() += embedding[i] * picture[i];
    }
    const auto [low, high] = std::minmax_element(cosines.begin(), cosines.end());
    if (*high - *low <= best.difference) continue;
    best = {words, static_cast<std::size_t>(low - cosines.begin()), static_cast<std::size_t>(high - cosines.begin()),
            *high - *low};
  }
  return best;
}

/** The model with nothing but the bare query compared, as the fixture has it. */
void write_bare_model(const std::string& from, const std::filesystem::path& folder) {
  std::filesystem::copy(from, folder);
  ModelConfig config = ModelConfig::load(folder / "config.json");
  config.similarity.phrasings = {"{query}"};
  config.similarity.generic_queries.clear();
  write_file(folder / "config.json", config.to_json());
}

}  // namespace

GVL_TEST(every_kind_of_model_runs_in_the_same_line) {
  for (const char* name : {"phi_c", "llama_c", "clip/quick-gelu", "clip/gelu"}) {
    const Outcome outcome = run({converted(name).string(), "a photo of a cat", "grounding", 0}, 0, 1);
    fail_unless(outcome.error.empty(), "%s: %s", name, outcome.error.c_str());
    fail_if(outcome.events.empty(), "%s: no event", name);
    for (const Event& event : outcome.events) {
      fail_unless(event.start >= 0 && event.start <= event.stop && event.stop <= kDuration, "%s: %f to %f", name,
                  event.start, event.stop);
      fail_unless(event.confidence >= 0 && event.confidence <= 1, "%s: %f", name, event.confidence);
    }
  }
}

GVL_TEST(a_similarity_model_says_when_the_picture_is_shown) {
  for (const char* name : {"clip/quick-gelu", "clip/gelu"}) {
    const TemporaryFolder folder;
    write_bare_model(converted(name).string(), folder / "model");
    const Likeness likeness = greatest_likeness(name);
    const Outcome outcome = run({(folder / "model").string(), likeness.text}, likeness.usual, likeness.other);
    fail_unless(outcome.error.empty(), "%s: %s", name, outcome.error.c_str());
    fail_unless_equals_int(outcome.events.size(), 1);
    const Event& event = outcome.events[0];
    fail_unless(std::abs(event.start - kFrom) <= 0.5 && std::abs(event.stop - kTo) <= 0.5, "%f to %f", event.start,
                event.stop);
    // Shown the other way round, it is not the middle that is like the query.
    for (const Event& wrong : run({(folder / "model").string(), likeness.text}, likeness.other, likeness.usual).events)
      fail_if(wrong.start > kFrom - 1 && wrong.stop < kTo + 1, "%f to %f", wrong.start, wrong.stop);
  }
}

GVL_TEST(other_tasks_are_an_error_that_names_the_model) {
  const Outcome outcome = run({converted("clip/quick-gelu").string(), "what happens?", "qa"}, 0, 1);
  fail_unless(outcome.error.find("quick-gelu") != std::string::npos, "%s", outcome.error.c_str());
  fail_unless(outcome.error.find("grounding") != std::string::npos, "%s", outcome.error.c_str());
}
