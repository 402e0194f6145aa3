/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The five elements together, on a model whose jobs the tests control: what is attached and answered, flow control,
// flushes, errors.

#include <cstring>
#include <thread>
#include <utility>

#include "fake-model.hpp"
#include "gvlevent.h"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvlwindowmeta.hpp"
#include "stream.hpp"

using gvl::Answer;
using gvl::ErrorCode;
using gvl::Query;
using gvl::Task;
using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::StreamOptions;
using gvl::test::uint64_of;
using Job = gvl::test::FakeModel::Job;

namespace {

const std::string kEncoders = gvl::test::kEncoders;
const std::string kFive =
    "gvlsegmenter name=s ! gvlspatialencoder name=spatial ! gvltemporalencoder name=temporal ! "
    "gvlfuser name=f ! gvlgroundedllm name=l query=when ";

struct Setup {
  std::shared_ptr<FakeModel> model = std::make_shared<FakeModel>();
  StreamOptions options;

  explicit Setup(std::optional<GstClockTime> duration = GST_SECOND, bool live = false) {
    options.model = model;
    options.duration = duration;
    options.live = live;
  }
};

using Structures = std::vector<std::shared_ptr<GstStructure>>;

// The gvl-events among the stream's events so far, and whether the end of the stream came.
Structures take_stream_events(Stream& stream, bool* eos = nullptr) {
  Structures found;
  if (eos) *eos = false;
  while (gst_harness_events_in_queue(stream.harness())) {
    GstEvent* event = gst_harness_pull_event(stream.harness());
    if (const auto* structure = gvl_event_parse_event(event))
      found.emplace_back(gst_structure_copy(structure), gst_structure_free);
    if (eos && GST_EVENT_TYPE(event) == GST_EVENT_EOS) *eos = true;
    gst_event_unref(event);
  }
  return found;
}

std::shared_ptr<GstStructure> wait_event(Stream& stream) {
  for (;;) {
    GstMessage* message = stream.wait_message(GST_MESSAGE_ELEMENT);
    std::shared_ptr<GstStructure> event;
    if (const auto* structure = gvl_event_parse_message(message))
      event.reset(gst_structure_copy(structure), gst_structure_free);
    gst_message_unref(message);
    if (event) return event;
  }
}

void drop_buffers(Stream& stream) {
  while (GstBuffer* buffer = stream.try_pull()) gst_buffer_unref(buffer);
}

std::string next_query(Stream& stream) { return gst_structure_get_string(wait_event(stream).get(), "query"); }

// ---- changing questions -----------------------------------------------------------------------------------------

GVL_TEST(questions_may_change_while_playing) {
  Setup setup(std::nullopt);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  const char* asked[] = {"when", "then", "now"};
  // With fewer frames than samples, the next window's first frame says what this one's last sample was.
  for (int window = 0, next = 0; window < 3; ++window) {
    g_object_set(stream.element("l"), "query", asked[window], nullptr);
    const int end = window * 25 + 26;
    stream.push_range(std::exchange(next, end), end);
    if (window == 2) stream.eos();
  }
  for (const char* query : asked) fail_unless(next_query(stream) == query);
}

GVL_TEST(the_latest_window_may_be_asked_about) {
  for (const bool bin : {false, true}) {
    Setup setup(std::nullopt);
    Stream stream(bin ? "gvlground name=l query=when window-duration=1000000000 window-overlap=0"
                      : "gvlsegmenter window-duration=1000000000 window-overlap=0 ! " + kEncoders +
                            " ! gvlgroundedllm name=l query=when",
                  setup.options);
    GstElement* llm = stream.element("l");
    const auto ask = [&](const char* query, Task task) {
      gboolean asked = FALSE;
      g_signal_emit_by_name(llm, "ask", query, static_cast<int>(task), &asked);
      return asked == TRUE;
    };
    stream.push_range(0, 20);
    fail_if(ask("too early", Task::kGrounding));
    stream.push_range(20, 60);
    fail_unless(next_query(stream) == "when");
    fail_unless(next_query(stream) == "when");
    fail_if(ask("  ", Task::kGrounding));
    fail_unless(ask("and who?", Task::kQuestion));
    const auto answer = wait_event(stream);
    fail_unless_equals_string(gst_structure_get_string(answer.get(), "query"), "and who?");
    fail_unless_equals_string(gst_structure_get_string(answer.get(), "task"), "qa");
    fail_unless_equals_uint64(uint64_of(answer.get(), "window-start"), GST_SECOND);
    // It is delivered in the stream, too, and a flush forgets the window.
    take_stream_events(stream);
    stream.push_range(60, 62);
    const auto in_stream = take_stream_events(stream);
    fail_unless(!in_stream.empty());
    fail_unless(std::string(gst_structure_get_string(in_stream.back().get(), "query")) == "and who?");
    stream.flush();
    fail_if(ask("where?", Task::kQuestion));
    drop_buffers(stream);
  }
}

// ---- what is attached -------------------------------------------------------------------------------------------

void check_tensor(GstBuffer* buffer, const char* id, guint64 segment, std::vector<gsize> dims, float value) {
  auto* meta = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(id), segment);
  fail_unless(meta != nullptr, "no %s", id);
  fail_unless(meta->data_type == GVL_TENSOR_DATA_TYPE_FLOAT32);
  fail_unless_equals_int(meta->num_dims, dims.size());
  for (gsize i = 0; i < dims.size(); ++i) fail_unless_equals_int(meta->dims[i], dims[i]);
  GstMapInfo map;
  fail_unless(gst_buffer_map(meta->data, &map, GST_MAP_READ));
  fail_unless_equals_float(reinterpret_cast<const float*>(map.data)[0], value);
  gst_buffer_unmap(meta->data, &map);
}

GVL_TEST(each_element_attaches_its_tensors) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders, setup.options);
  stream.push_range(0, 25);
  stream.eos();
  const auto& config = setup.model->config();
  const gsize tokens = config.tokens_per_segment();
  int segments = 0, windows = 0;
  while (GstBuffer* buffer = stream.try_pull()) {
    for (const auto* segment : gvl::gst::segments_of(buffer)) {
      const float key = static_cast<float>(segment->keyframe / (40 * GST_MSECOND));
      const gsize spatial[] = {static_cast<gsize>(config.spatial_tokens()), static_cast<gsize>(config.spatial_width())};
      check_tensor(buffer, GVL_TENSOR_SPATIAL_FEATURES, segment->index, {spatial[0], spatial[1]}, key);
      auto* temporal = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(GVL_TENSOR_TEMPORAL_FEATURES),
                                                             segment->index);
      fail_unless_equals_int(temporal->dims[0], config.temporal_tokens_per_segment());
      fail_unless_equals_int(temporal->dims[1], config.temporal.hidden_size);
      check_tensor(buffer, GVL_TENSOR_SEGMENT_TOKENS, segment->index, {tokens, 5}, key);
      ++segments;
    }
    for (const auto* window : gvl::gst::windows_of(buffer)) {
      fail_unless_equals_uint64(window->index, 0);
      fail_unless_equals_uint64(window->start, 0);
      fail_unless_equals_uint64(window->stop, GST_SECOND);
      fail_unless_equals_int(window->num_segments, 2);
      fail_unless_equals_uint64(window->segments[1].start, GST_SECOND / 2);
      fail_unless_equals_uint64(window->segments[1].stop, GST_SECOND);
      fail_if(window->segments[0].substituted || window->segments[1].substituted);
      check_tensor(buffer, GVL_TENSOR_VIDEO_TOKENS, 0, {2 * tokens, 5}, 7);
      ++windows;
    }
    gst_buffer_unref(buffer);
  }
  fail_unless_equals_int(segments, 2);
  fail_unless_equals_int(windows, 1);
}

GVL_TEST(buffers_pass_the_encoders_unchanged) {
  Setup setup;
  setup.model->hold(Job::kSpatial);
  Stream stream(kFive, setup.options);
  std::vector<GstMemory*> memories;
  for (int i = 0; i < 20; ++i) {
    GstBuffer* frame = gvl::test::make_frame(stream.info(), i, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
    memories.push_back(gst_memory_ref(gst_buffer_peek_memory(frame, 0)));
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
  for (int i = 0; i < 19; ++i) {
    GstBuffer* frame = stream.try_pull();
    fail_unless(gst_buffer_peek_memory(frame, 0) == memories[i]);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frame), i * 40 * GST_MSECOND);
    gst_buffer_unref(frame);
  }
  for (GstMemory* memory : memories) gst_memory_unref(memory);
}

GVL_TEST(encoded_video_carries_the_metas) {
  Setup setup;
  Stream stream("gvlsegmenter ! videoconvert ! jpegenc ! " + kEncoders + " ! gvlgroundedllm query=when", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

// ---- answers ----------------------------------------------------------------------------------------------------

struct EventsBranch {
  std::mutex mutex;
  std::vector<GstBuffer*> buffers;
  std::vector<GstEventType> events;
  std::vector<GstSegment> segments;
  std::vector<GstClockTime> gaps;  // where they begin
  std::string caps;

  ~EventsBranch() {
    for (GstBuffer* buffer : buffers) gst_buffer_unref(buffer);
  }

  static GstPadProbeReturn probe(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<EventsBranch*>(data);
    std::lock_guard lock(self->mutex);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      self->buffers.push_back(gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info)));
      return GST_PAD_PROBE_OK;
    }
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    self->events.push_back(GST_EVENT_TYPE(event));
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      self->segments.emplace_back();
      gst_event_copy_segment(event, &self->segments.back());
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      self->gaps.emplace_back();
      gst_event_parse_gap(event, &self->gaps.back(), nullptr);
    }
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
    GstCaps* caps;
    gst_event_parse_caps(event, &caps);
    self->caps = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    return GST_PAD_PROBE_OK;
  }

  void watch(Stream& stream) {
    GstPad* pad = gst_element_get_static_pad(stream.element("l"), "events");
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      probe, this, nullptr);
    gst_object_unref(pad);
  }

  // The bin ends when all its sinks have: the branch's own end comes as the sink's message.
  void wait_end(Stream& stream) {
    for (bool ended = false; !ended;) {
      g_usleep(1000);
      std::lock_guard lock(mutex);
      ended = !events.empty() && events.back() == GST_EVENT_EOS;
    }
  }

  std::string content(std::size_t i) {
    GstMapInfo map;
    gst_buffer_map(buffers.at(i), &map, GST_MAP_READ);
    std::string text(reinterpret_cast<const char*>(map.data), map.size);
    gst_buffer_unmap(buffers.at(i), &map);
    return text;
  }
};

GVL_TEST(the_three_deliveries_agree) {
  Setup setup(2 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 50);
  stream.eos();
  branch.wait_end(stream);
  const auto messages = stream.element_messages(GVL_EVENT_NAME);
  bool eos = false;
  const auto events = take_stream_events(stream, &eos);
  fail_unless(eos);
  fail_unless_equals_int(messages.size(), 2);
  fail_unless_equals_int(events.size(), 2);
  fail_unless_equals_int(branch.buffers.size(), 2);
  for (int i = 0; i < 2; ++i) {
    const GstStructure* event = messages[i].get();
    fail_unless(gst_structure_is_equal(event, events[i].get()));
    fail_unless_equals_uint64(uint64_of(event, "id"), i);
    fail_unless_equals_string(gst_structure_get_string(event, "task"), "grounding");
    fail_unless_equals_string(gst_structure_get_string(event, "query"), "when");
    fail_unless_equals_string(gst_structure_get_string(event, "text"), "From a quarter to a half.");
    fail_unless_equals_uint64(uint64_of(event, "start"), i * GST_SECOND + GST_SECOND / 4);
    fail_unless_equals_uint64(uint64_of(event, "stop"), i * GST_SECOND + GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(event, "window-start"), i * GST_SECOND);
    fail_unless_equals_uint64(uint64_of(event, "window-stop"), (i + 1) * GST_SECOND);
    gdouble confidence = 0;
    fail_unless(gst_structure_get_double(event, "confidence", &confidence));
    fail_unless_equals_float(confidence, 0.5);
    fail_unless(branch.content(i) == "From a quarter to a half.");
    fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers[i]), uint64_of(event, "start"));
    fail_unless_equals_uint64(GST_BUFFER_DURATION(branch.buffers[i]), GST_SECOND / 4);
  }
  fail_unless_equals_string(branch.caps.c_str(), "text/x-raw");
  fail_unless_equals_int(branch.events.at(0), GST_EVENT_STREAM_START);
  fail_unless_equals_int(branch.events.at(1), GST_EVENT_CAPS);
  fail_unless_equals_int(branch.events.at(2), GST_EVENT_SEGMENT);
  fail_unless_equals_int(branch.events.at(3), GST_EVENT_GAP);
}

GstSegment video_segment(double rate, double applied_rate, GstClockTime start, GstClockTime stop, GstClockTime time,
                         GstClockTime base, GstClockTime offset) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.applied_rate = applied_rate;
  segment.start = start;
  segment.stop = stop;
  segment.time = time;
  segment.base = base;
  segment.offset = offset;
  return segment;
}

// The events pad's buffers have the times of their events, and are shown when the video is that they tell about.
GVL_TEST(the_events_pad_counts_in_stream_time) {
  constexpr GstClockTime s = GST_SECOND, none = GST_CLOCK_TIME_NONE;
  const GstSegment segments[] = {
      video_segment(1, 1, 0, none, 0, 0, 0),
      video_segment(1, 1, 26 * s / 10, none, 0, 0, 0),           // an edit list
      video_segment(1, 1, 1000 * s, none, 7 * s, 3 * s, 0),      // a transport stream, after a seek
      video_segment(1, 1, 10 * s, 20 * s, 4 * s, 5 * s, 2 * s),  // part of it was played
      video_segment(2, 1, 10 * s, 20 * s, 0, 0, 0),              // faster
      video_segment(1, 2, 10 * s, 20 * s, 0, 0, 4 * s / 10),     // faster, by who sends it
      video_segment(-1, 1, 10 * s, 20 * s, 0, 1 * s, 0),         // backwards
      video_segment(1, -1, 10 * s, 20 * s, 0, 1 * s, 0),         // backwards, by who sends it
      video_segment(-1, -1, 10 * s, 20 * s, 0, 1 * s, 0),        // twice backwards
  };
  for (const auto& video : segments) {
    Setup setup(std::nullopt);
    setup.options.segment = false;
    Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
    EventsBranch branch;
    branch.watch(stream);
    g_object_set(stream.element("s"), "window-duration", 2 * s, nullptr);
    stream.send(gst_event_new_segment(&video));
    for (int i = 0; i < 100; ++i)
      stream.push_at(i, video.rate > 0 ? video.start + i * s / 25 : video.stop - (i + 1) * s / 25);
    stream.eos();
    branch.wait_end(stream);
    const auto messages = stream.element_messages(GVL_EVENT_NAME);
    fail_unless(!messages.empty());
    fail_unless_equals_int(branch.buffers.size(), messages.size());
    fail_unless_equals_int(branch.segments.size(), 1);
    const auto& own = branch.segments.front();
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto start = uint64_of(messages[i].get(), "start"), stop = uint64_of(messages[i].get(), "stop");
      fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers[i]), start);
      fail_unless_equals_uint64(GST_BUFFER_DURATION(branch.buffers[i]), stop - start);
      fail_unless_equals_uint64(gst_segment_to_stream_time(&own, GST_FORMAT_TIME, start), start);
      const auto shown = gst_segment_position_from_stream_time(&video, GST_FORMAT_TIME, start);
      fail_unless_equals_uint64(gst_segment_to_running_time(&own, GST_FORMAT_TIME, start),
                                gst_segment_to_running_time(&video, GST_FORMAT_TIME, shown));
    }
    for (const auto gap : branch.gaps) {
      guint64 told = 0;
      const int sign = gst_segment_to_running_time_full(&own, GST_FORMAT_TIME, gap, &told);
      fail_unless(sign != 0 && (sign < 0 ? told <= video.offset : told <= video.base + 4 * s),
                  "a gap at %" GST_TIME_FORMAT, GST_TIME_ARGS(told));
    }
  }
}

GVL_TEST(the_events_pad_speaks_json) {
  Setup setup;
  Stream stream(kFive + "l.events ! application/x-json ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  stream.push_range(0, 25);
  stream.eos();
  branch.wait_end(stream);
  const auto messages = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_string(branch.caps.c_str(), "application/x-json");
  gchar* json = gvl_event_to_json(messages.at(0).get());
  fail_unless(branch.content(0) == std::string(json) + "\n");
  g_free(json);
}

GVL_TEST(a_blocked_events_branch_does_not_block_the_video) {
  Setup setup(10 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  GstPad* pad = gst_element_get_static_pad(stream.element("l"), "events");
  const auto block = [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; };
  const auto probe = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, block, nullptr, nullptr);
  fail_unless_equals_int(stream.push_range(0, 250), GST_FLOW_OK);
  stream.eos();
  bool eos = false;
  fail_unless_equals_int(take_stream_events(stream, &eos).size(), 10);
  fail_unless(eos);
  gst_pad_remove_probe(pad, probe);
  gst_object_unref(pad);
}

GVL_TEST(events_pads_come_and_go) {
  GstElement* llm = gst_element_factory_make("gvlgroundedllm", nullptr);
  GstElement* bin = gst_element_factory_make("gvlground", nullptr);
  for (GstElement* element : {llm, bin}) {
    GstPad* pad = gst_element_request_pad_simple(element, "events");
    fail_unless(pad != nullptr);
    gst_element_release_request_pad(element, pad);
    gst_object_unref(pad);
    pad = gst_element_request_pad_simple(element, "events");
    fail_unless(pad != nullptr);
    gst_object_unref(pad);
    gst_object_unref(element);
  }
}

GVL_TEST(events_come_before_the_next_buffer) {
  Setup setup(10 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 26);
  setup.model->wait_submitted(Job::kAnswer, 1);
  setup.model->release(Job::kAnswer);
  wait_event(stream);
  fail_unless_equals_int(take_stream_events(stream).size(), 0);
  drop_buffers(stream);
  // The harness keeps buffers and events apart: a probe sees their order.
  struct Seen {
    bool event = false, buffer = false;
  } seen;
  const auto probe = [](GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* order = static_cast<Seen*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      fail_unless(order->event);
      order->buffer = true;
    } else if (gvl_event_parse_event(GST_PAD_PROBE_INFO_EVENT(info))) {
      fail_if(order->buffer);
      order->event = true;
    }
    return GST_PAD_PROBE_OK;
  };
  GstPad* pad = gst_element_get_static_pad(stream.element("l"), "src");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                    probe, &seen, nullptr);
  gst_object_unref(pad);
  stream.push(26);
  fail_unless(seen.event && seen.buffer);
}

GVL_TEST(messages_do_not_wait_for_frames_and_keep_the_order) {
  Setup setup(10 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 10, nullptr);
  stream.push_range(0, 80);
  setup.model->wait_submitted(Job::kAnswer, 3);
  setup.model->release(Job::kAnswer);
  for (guint64 i = 0; i < 3; ++i) {
    const auto event = wait_event(stream);
    fail_unless_equals_uint64(uint64_of(event.get(), "id"), i);
    fail_unless_equals_uint64(uint64_of(event.get(), "window-start"), i * GST_SECOND);
  }
}

GVL_TEST(the_end_is_held_until_all_is_answered) {
  Setup setup;
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 25);
  std::thread ending([&stream] { stream.eos(); });
  setup.model->wait_submitted(Job::kAnswer, 1);
  g_usleep(50000);
  bool eos = true;
  fail_unless(take_stream_events(stream, &eos).empty());
  fail_if(eos);
  setup.model->release(Job::kAnswer);
  ending.join();
  fail_unless_equals_int(take_stream_events(stream, &eos).size(), 1);
  fail_unless(eos);
}

GVL_TEST(all_queries_are_asked_once_of_one_window) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders +
                    " ! gvlgroundedllm query=one "
                    "queries=\"<\\\"two, too\\\",\\\"one\\\",\\\"drei\\\",\\\"two, too\\\">\" max-new-tokens=9 "
                    "temperature=0.5 top-p=0.25 seed=77",
                setup.options);
  stream.push_range(0, 25);
  stream.eos();
  const auto asked = setup.model->asked();
  fail_unless_equals_int(asked.size(), 1);
  fail_unless_equals_int(asked[0].queries.size(), 3);
  const char* const texts[] = {"one", "two, too", "drei"};
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  for (int i = 0; i < 3; ++i) {
    fail_unless_equals_string(asked[0].queries[i].text.c_str(), texts[i]);
    fail_unless_equals_string(gst_structure_get_string(events.at(i).get(), "query"), texts[i]);
  }
  fail_unless_equals_float(asked[0].duration, 1);
  fail_unless_equals_int(asked[0].options.max_new_tokens, 9);
  fail_unless_equals_float(asked[0].options.temperature, 0.5);
  fail_unless_equals_float(asked[0].options.top_p, 0.25);
  fail_unless_equals_uint64(asked[0].options.seed, 77);
}

GVL_TEST(a_query_may_change_while_playing) {
  Setup setup(2 * GST_SECOND);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 26);
  g_object_set(stream.element("l"), "query", "and now", nullptr);
  stream.push_range(26, 50);
  stream.eos();
  const auto asked = setup.model->asked();
  fail_unless_equals_string(asked.at(0).queries.at(0).text.c_str(), "when");
  fail_unless_equals_string(asked.at(1).queries.at(0).text.c_str(), "and now");
  g_object_set(stream.element("l"), "query", nullptr, nullptr);
}

GVL_TEST(a_long_query_is_the_models_affair) {
  Setup setup;
  Stream stream(kFive, setup.options);
  const std::string query(100000, 'q');
  g_object_set(stream.element("l"), "query", query.c_str(), nullptr);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless(setup.model->asked().at(0).queries.at(0).text == query);
}

Structures events_for(const char* task, std::function<Answer(const Query&, double)> make, double min_confidence = 0) {
  auto config = gvl::test::fake_model_config();
  config.min_confidence = min_confidence;
  Setup setup;
  setup.model = std::make_shared<FakeModel>(config);
  setup.options.model = setup.model;
  setup.model->answer_with(std::move(make));
  Stream stream(kFive + "task=" + task, setup.options);
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.push_range(0, 25);
  stream.eos();
  return stream.element_messages(GVL_EVENT_NAME);
}

Answer answer_of(const Query& query, std::vector<gvl::Interval> intervals) {
  Answer answer;
  answer.query = query;
  answer.text_seconds = "in words";
  answer.intervals = std::move(intervals);
  answer.confidence = 0.75;
  return answer;
}

GVL_TEST(unsure_intervals_are_no_events) {
  const auto unsure = [](const Query& query, double) {
    return answer_of(query, {{0.1, 0.2, 0.39, "less"}, {0.3, 0.4, 0.41, "more"}});
  };
  const auto events = events_for("dense-caption min-confidence=0.4", unsure);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_string(gst_structure_get_string(events[0].get(), "text"), "more");
  fail_unless_equals_uint64(uint64_of(events[0].get(), "id"), 0);
  fail_unless_equals_int(events_for("dense-caption", unsure).size(), 2);
  // What the model says, unless somebody says otherwise.
  fail_unless_equals_int(events_for("dense-caption", unsure, 0.4).size(), 1);
  fail_unless_equals_int(events_for("dense-caption min-confidence=0", unsure, 0.4).size(), 2);
}

GVL_TEST(each_interval_is_an_event) {
  const auto events = events_for("dense-caption", [](const Query& query, double) {
    fail_unless(query.task == Task::kDenseCaption);
    return answer_of(query, {{0.1, 0.2, 0.5, "first"},
                             {0.4, 0.3, 0.6, "second"},
                             {-3, std::numeric_limits<double>::quiet_NaN(), 0.7, "third"},
                             {0.9, 7, 0.8, "fourth"}});
  });
  fail_unless_equals_int(events.size(), 4);
  const char* const texts[] = {"first", "second", "third", "fourth"};
  const guint64 starts[] = {100, 300, 0, 900}, stops[] = {200, 400, 0, 1000};
  for (int i = 0; i < 4; ++i) {
    fail_unless_equals_uint64(uint64_of(events[i].get(), "id"), i);
    fail_unless_equals_string(gst_structure_get_string(events[i].get(), "task"), "dense-caption");
    fail_unless_equals_string(gst_structure_get_string(events[i].get(), "text"), texts[i]);
    fail_unless_equals_uint64(uint64_of(events[i].get(), "start"), starts[i] * GST_MSECOND);
    fail_unless_equals_uint64(uint64_of(events[i].get(), "stop"), stops[i] * GST_MSECOND);
  }
}

GVL_TEST(answers_without_times_are_one_event) {
  const auto none = [](const Query& query, double) { return answer_of(query, {}); };
  const auto some = [](const Query& query, double) { return answer_of(query, {{0.1, 0.2, 0.5, ""}}); };
  for (const auto& events : {events_for("grounding", none), events_for("referring", none), events_for("qa", some)}) {
    fail_unless_equals_int(events.size(), 1);
    fail_if(gst_structure_has_field(events[0].get(), "start"));
    fail_if(gst_structure_has_field(events[0].get(), "stop"));
    fail_unless_equals_string(gst_structure_get_string(events[0].get(), "text"), "in words");
    fail_unless_equals_uint64(uint64_of(events[0].get(), "window-stop"), GST_SECOND);
  }
}

GVL_TEST(event_times_are_stream_times) {
  Setup setup(100 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  stream.new_segment(1, 1, 5 * GST_SECOND, 6 * GST_SECOND, 42 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 5 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  branch.wait_end(stream);
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_uint64(uint64_of(events.at(0).get(), "start"), 42250 * GST_MSECOND);
  fail_unless_equals_uint64(uint64_of(events.at(0).get(), "stop"), 42500 * GST_MSECOND);
  fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers.at(0)), 42250 * GST_MSECOND);
}

GVL_TEST(backwards_windows_are_answered_in_stream_order) {
  Setup setup;
  Stream stream(kFive, setup.options);
  stream.new_segment(-1, 1, 0, GST_SECOND, 0);
  for (int i = 24; i >= 0; --i) stream.push(i);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
  const auto segments = setup.model->asked().at(0).segments;
  fail_unless_equals_int(segments.size(), 2);
  fail_unless(segments[0] < segments[1]);
}

GVL_TEST(a_stream_of_no_segment_is_no_error) {
  Setup setup(10 * GST_SECOND);
  Stream stream(kFive, setup.options);
  stream.new_segment(1, 1, GST_SECOND, 2 * GST_SECOND, 0);
  stream.push_at(1, 0);  // outside of what is to be shown
  stream.eos();
  bool eos = false;
  take_stream_events(stream, &eos);
  fail_unless(eos);
  stream.expect_no_error();
  drop_buffers(stream);
}

// The end of what was played comes after the word that what follows plays the other way.
GVL_TEST(a_sequence_keeps_its_direction) {
  for (const double rate : {1.0, -1.0}) {
    Setup setup;
    Stream stream(kFive, setup.options);
    stream.new_segment(rate, 1, 0, GST_SECOND, 0);
    stream.push_at(1, (rate > 0 ? 40 : 920) * GST_MSECOND);
    stream.new_segment(-rate, 1, 0, GST_SECOND, 0);
    stream.eos();
    const auto events = stream.element_messages(GVL_EVENT_NAME);
    fail_unless_equals_int(events.size(), 1);
    const auto start = uint64_of(events[0].get(), "window-start"), stop = uint64_of(events[0].get(), "window-stop");
    fail_unless_equals_uint64(start, rate > 0 ? 0 : 920 * GST_MSECOND);
    fail_unless_equals_uint64(stop, rate > 0 ? 80 * GST_MSECOND : GST_SECOND);
    fail_unless(setup.model->asked().at(0).boundaries.empty());
    drop_buffers(stream);
  }
}

GVL_TEST(a_gap_before_the_end_does_not_lose_the_answer) {
  Setup setup;
  Stream stream(kFive, setup.options);
  stream.push_range(0, 9);
  stream.send(gst_event_new_gap(360 * GST_MSECOND, 600 * GST_MSECOND));
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

// ---- flow control -----------------------------------------------------------------------------------------------

GVL_TEST(a_live_stream_never_waits_and_reports_what_it_skips) {
  Setup setup(std::nullopt, true);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive + " ", setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  // Pushed from here: if anything waited, the test would not end.
  fail_unless_equals_int(stream.push_range(0, 101), GST_FLOW_OK);
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 100);
  const auto skipped = stream.element_messages("gvl-skipped", 7);
  // Four windows of two segments, and the first of the fifth has not begun: all but the first are dropped.
  fail_unless_equals_int(skipped.size(), 7);
  for (guint64 i = 0; i < skipped.size(); ++i) {
    const GstStructure* one = skipped[i].get();
    fail_unless_equals_uint64(uint64_of(one, "segment"), i + 1);
    fail_unless_equals_uint64(uint64_of(one, "start"), (i + 1) * GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(one, "stop"), (i + 2) * GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(one, "total"), i + 1);
  }
  GstStructure* stats = nullptr;
  g_object_get(stream.element("s"), "stats", &stats, nullptr);
  fail_unless_equals_uint64(uint64_of(stats, "skipped"), 7);
  gst_structure_free(stats);
  setup.model->release(Job::kFuse);
  setup.model->wait_done(Job::kFuse, 1);
}

// Live; the first window's second segment is skipped, everything after it is not.
void skip_one_segment(Setup& setup, Stream& stream) {
  setup.model->hold(Job::kFuse);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  stream.push_range(0, 25);
  setup.model->release(Job::kFuse);
  setup.model->wait_done(Job::kFuse, 1);
  g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  fail_unless_equals_int(stream.element_messages("gvl-skipped", 1).size(), 1);
}

GVL_TEST(a_dropped_segment_is_substituted_by_its_neighbour) {
  Setup setup(std::nullopt, true);
  Stream stream(kFive, setup.options);
  skip_one_segment(setup, stream);
  stream.push_range(25, 51);
  bool found = false;
  while (GstBuffer* buffer = stream.try_pull()) {
    for (const auto* window : gvl::gst::windows_of(buffer)) {
      if (window->index != 0) continue;
      found = true;
      fail_if(window->segments[0].substituted);
      fail_unless(window->segments[1].substituted);
      fail_unless_equals_uint64(window->segments[1].stop, GST_SECOND);
    }
    gst_buffer_unref(buffer);
  }
  fail_unless(found);
  wait_event(stream);
  const auto segments = setup.model->asked().at(0).segments;
  fail_unless_equals_int(segments.size(), 2);
  fail_unless_equals_float(segments[0], segments[1]);
}

GVL_TEST(a_window_with_a_skipped_last_segment_is_answered_at_the_end) {
  Setup setup(std::nullopt, true);
  Stream stream(kFive, setup.options);
  skip_one_segment(setup, stream);
  stream.eos();
  const auto events = take_stream_events(stream);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 0);
}

GVL_TEST(a_stream_that_is_not_live_waits_for_room) {
  for (const unsigned limit : {1u, 3u}) {
    Setup setup(20 * GST_SECOND);
    setup.model->hold(Job::kFuse);
    Stream stream(kFive, setup.options);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", limit,
                 nullptr);
    std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK); });
    setup.model->wait_submitted(Job::kFuse, limit);
    g_usleep(50000);
    fail_unless_equals_int(setup.model->submitted(Job::kFuse), limit);
    setup.model->release(Job::kFuse);
    pushing.join();
    stream.eos();
    fail_unless_equals_int(setup.model->done(Job::kFuse), 40);
    fail_unless(setup.model->most_at_a_time(Job::kFuse) <= limit);
    fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 20);
    fail_unless(stream.element_messages("gvl-skipped").empty());
  }
}

GVL_TEST(unanswered_windows_are_waited_for_as_well) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 2, nullptr);
  std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK); });
  setup.model->wait_submitted(Job::kAnswer, 2);
  g_usleep(50000);
  fail_unless_equals_int(setup.model->submitted(Job::kAnswer), 2);
  setup.model->release(Job::kAnswer);
  pushing.join();
  fail_unless(setup.model->most_at_a_time(Job::kAnswer) <= 2);
}

GVL_TEST(more_room_ends_a_wait) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 100), GST_FLOW_OK); });
  setup.model->wait_submitted(Job::kFuse, 1);
  g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  pushing.join();
}

GVL_TEST(many_segments_on_one_buffer_do_not_wait_for_each_other) {
  Setup setup(40 * GST_MSECOND);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "max-pending", 1, nullptr);
  stream.push(0);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

GVL_TEST(buffers_that_somebody_keeps_do_not_stop_the_stream) {
  Setup setup(20 * GST_SECOND);
  Stream stream("gvlsegmenter window-duration=1000000000 window-overlap=0 max-pending=1", setup.options);
  // No fuser, and nobody takes the buffers out of the harness.
  fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK);
}

GVL_TEST(a_flush_ends_a_wait_and_drops_what_is_pending) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  GstFlowReturn result = GST_FLOW_OK;
  std::thread pushing([&] { result = stream.push_range(0, 500); });
  setup.model->wait_submitted(Job::kFuse, 1);
  stream.send(gst_event_new_flush_start());
  pushing.join();
  fail_unless_equals_int(result, GST_FLOW_FLUSHING);
  stream.send(gst_event_new_flush_stop(TRUE));
  setup.model->wait_done(Job::kFuse, 1);
  fail_unless_equals_int(setup.model->cancelled(Job::kFuse), 1);
  setup.model->release(Job::kFuse);
  // What comes after is answered, and nothing of what came before.
  stream.new_segment(1, 1, 10 * GST_SECOND, 11 * GST_SECOND, 10 * GST_SECOND);
  fail_unless_equals_int(stream.push_range(250, 275), GST_FLOW_OK);
  stream.eos();
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 10 * GST_SECOND);
  stream.expect_no_error();
}

GVL_TEST(a_flush_drops_answers) {
  Setup setup;
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 25);
  std::thread ending([&stream] { stream.eos(); });
  setup.model->wait_submitted(Job::kAnswer, 1);
  stream.flush();
  ending.join();
  setup.model->wait_done(Job::kAnswer, 1);
  fail_unless_equals_int(setup.model->cancelled(Job::kAnswer), 1);
  fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
  stream.expect_no_error();
}

// Pushes frames until a handler's flush, which comes at some time, is seen.
void wait_flushing(Stream& stream) {
  for (int i = 0;; ++i) {
    const auto result = stream.push(i);
    if (result == GST_FLOW_FLUSHING) return;
    fail_unless_equals_int(result, GST_FLOW_OK);
    drop_buffers(stream);
  }
}

GVL_TEST(a_message_handler_may_flush) {
  Setup setup(20 * GST_SECOND);
  Stream stream(kFive, setup.options);
  const auto flush = [](GstBus*, GstMessage* message, gpointer data) -> GstBusSyncReply {
    if (gvl_event_parse_message(message)) static_cast<Stream*>(data)->send(gst_event_new_flush_start());
    return GST_BUS_PASS;
  };
  GstBus* bus = gst_element_get_bus(stream.harness()->element);
  gst_bus_set_sync_handler(bus, flush, &stream, nullptr);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  wait_flushing(stream);
  wait_event(stream);
  gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
  gst_object_unref(bus);
}

GVL_TEST(ready_cancels_everything) {
  for (const Job job : {Job::kSpatial, Job::kFuse, Job::kAnswer}) {
    Setup setup(20 * GST_SECOND);
    setup.model->hold(job);
    Stream stream(kFive, setup.options);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
    std::thread pushing([&stream] {
      stream.push_range(0, 500);
      stream.eos();
    });
    setup.model->wait_submitted(job, 1);
    fail_unless_equals_int(gst_element_set_state(stream.harness()->element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    pushing.join();
    setup.model->wait_done(job, 1);
    fail_unless_equals_int(setup.model->cancelled(job), 1);
    fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
    stream.expect_no_error();
  }
}

GVL_TEST(a_jump_ends_the_window_that_it_cuts_short) {
  Setup setup(100 * GST_SECOND);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 2000);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  stream.push_range(1250, 1275);
  stream.eos();
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 2);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 0);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-stop"), 80 * GST_SECOND);
  fail_unless_equals_uint64(uint64_of(events[1].get(), "window-start"), 50 * GST_SECOND);
  fail_unless_equals_uint64(uint64_of(events[1].get(), "window-stop"), 51 * GST_SECOND);
}

// ---- errors -----------------------------------------------------------------------------------------------------

std::string error_source(Stream& stream, const char* text) {
  GstMessage* message = stream.wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(strstr(error->message, text) != nullptr, "\"%s\" does not say \"%s\"", error->message, text);
  g_error_free(error);
  const std::string source = GST_OBJECT_NAME(GST_MESSAGE_SRC(message));
  gst_message_unref(message);
  return source;
}

GVL_TEST(a_failing_job_is_one_error_of_its_element) {
  const struct {
    Job job;
    const char* element;
  } cases[] = {{Job::kSpatial, "spatial"},
               {Job::kTemporal, "temporal"},
               {Job::kFuse, "f"},
               {Job::kConcatenate, "f"},
               {Job::kAnswer, "l"}};
  for (const auto& one : cases) {
    Setup setup;
    setup.model->fail(one.job, ErrorCode::kResource, "out of everything");
    Stream stream(kFive + "queries=<\"again\">", setup.options);
    stream.push_range(0, 25);
    stream.eos();
    fail_unless(error_source(stream, "out of everything") == one.element);
    stream.expect_no_error();
    fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
  }
}

GVL_TEST(a_failing_job_stops_the_stream) {
  Setup setup(100 * GST_SECOND);
  setup.model->fail(Job::kSpatial, ErrorCode::kMalformed, "broken");
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  fail_unless_equals_int(stream.push_range(0, 2500), GST_FLOW_ERROR);
  stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "broken");
}

GVL_TEST(a_missing_element_is_named) {
  const struct {
    const char* line;
    const char* missing;
  } cases[] = {{"gvlsegmenter ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query=when", "gvlspatialencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvlfuser ! gvlgroundedllm query=when", "gvltemporalencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlgroundedllm query=when", "gvlfuser"},
               {"gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query=when", "gvlsegmenter"},
               {"gvlgroundedllm query=when", "gvlsegmenter"},
               {"gvlspatialencoder ! gvlsegmenter ! gvltemporalencoder", "gvlsegmenter"}};
  for (const auto& one : cases) {
    Setup setup;
    Stream stream(one.line, setup.options);
    stream.push_range(0, 25);
    stream.eos();
    error_source(stream, one.missing);
    stream.expect_no_error();
  }
}

void expect_query_error(void (*configure)(GstElement*), const char* text) {
  GstElement* llm = gst_element_factory_make("gvlgroundedllm", nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(llm, bus);
  configure(llm);
  fail_unless_equals_int(gst_element_set_state(llm, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  fail_unless(message != nullptr);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  fail_unless(strstr(error->message, text) != nullptr, "%s", error->message);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_state(llm, GST_STATE_NULL);
  gst_element_set_bus(llm, nullptr);
  gst_object_unref(bus);
  gst_object_unref(llm);
}

GVL_TEST(queries_are_checked_at_the_start) {
  expect_query_error([](GstElement*) {}, "There is no query");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", "", nullptr); }, "empty");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", " \n", nullptr); }, "empty");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", "\xff\xfe", nullptr); }, "UTF-8");
  expect_query_error([](GstElement* llm) { gst_util_set_object_arg(G_OBJECT(llm), "queries", "<\"a\",\"\">"); },
                     "empty");
  expect_query_error([](GstElement* llm) { gst_util_set_object_arg(G_OBJECT(llm), "task", "qa"); },
                     "There is no query");
}

GVL_TEST(dense_captions_need_no_query) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders + " ! gvlgroundedllm task=dense-caption", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

}  // namespace
