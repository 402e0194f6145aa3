/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/alone.hpp"

#include <gst/app/gstappsink.h>

#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

#include "cameras-bench/footage.hpp"
#include "cameras-bench/process.hpp"

namespace gvl::benchmarks {

namespace {

constexpr int kWindows = 3;  // that are measured, after one to warm up

std::string picture(const std::string& pattern, std::int64_t size) {
  const std::string side = std::to_string(size);
  GstElement* pipeline =
      gst_parse_launch(("videotestsrc num-buffers=1 pattern=" + pattern + " ! video/x-raw,format=RGB,width=" + side +
                        ",height=" + side + " ! appsink name=sink sync=false")
                           .c_str(),
                       nullptr);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink));
  if (!sample) throw std::runtime_error("videotestsrc gives no " + pattern);
  GstMapInfo map;
  gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
  const auto row = static_cast<std::size_t>(size) * 3, stride = map.size / static_cast<std::size_t>(size);
  std::string pixels;
  for (std::size_t y = 0; y < static_cast<std::size_t>(size); ++y)
    pixels.append(reinterpret_cast<const char*>(map.data) + y * stride, row);
  gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
  gst_sample_unref(sample);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return pixels;
}

/** uint8 [count, size, size, 3]: samples of a window from number `first` of `all` on. */
Future<Tensor> pixels(std::int64_t first, std::int64_t count, std::int64_t all, std::int64_t size) {
  static std::map<std::string, std::string> pictures;
  const Tensor empty(DataType::kUInt8, {count, size, size, 3});
  auto data = allocate_tensor_data(empty.bytes());
  for (std::int64_t i = 0; i < count; ++i) {
    const char* pattern = Footage::pattern_at(static_cast<double>(first + i) / static_cast<double>(all));
    auto& drawn = pictures[pattern + std::to_string(size)];
    if (drawn.empty()) drawn = picture(pattern, size);
    std::memcpy(data.get() + static_cast<std::size_t>(i) * drawn.size(), drawn.data(), drawn.size());
  }
  return Future<Tensor>::of({empty.type, empty.shape, std::move(data)});
}

void answer_window(Model& model, const CameraSettings& settings) {
  const ModelConfig& config = model.config();
  const auto n = config.frames_per_segment();
  const Cancellation cancellation;
  std::vector<Future<Tensor>> segments;
  for (std::int64_t first = 0; first < config.frames; first += n) {
    auto keyframes = pixels(first + n / 2, config.spatial.keyframes, config.frames, config.spatial.image_size);
    auto samples = pixels(first, n, config.frames, config.temporal.image_size);
    segments.push_back(model.fuse(model.encode_spatial(std::move(keyframes), cancellation),
                                  model.encode_temporal(std::move(samples), cancellation), cancellation));
    segments.back().get();
  }
  std::vector<Query> queries;
  for (const auto& query : settings.queries) queries.push_back({Task::kGrounding, query});
  const VideoWindow window{model.concatenate(std::move(segments), cancellation), settings.window};
  for (const auto& answer : model.answer(window, queries, {}, cancellation)) answer.get();
}

}  // namespace

double seconds_of_a_window(Model& model, const CameraSettings& settings) {
  answer_window(model, settings);
  const double before = processor_time().all;
  for (int i = 0; i < kWindows; ++i) answer_window(model, settings);
  return (processor_time().all - before) / kWindows;
}

}  // namespace gvl::benchmarks
