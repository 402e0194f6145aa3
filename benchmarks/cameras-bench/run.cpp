/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/run.hpp"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

namespace gvl::benchmarks {

namespace {

using Cameras = std::vector<std::unique_ptr<Camera>>;

// Time to start all pipelines before the first frame is due.
constexpr std::chrono::milliseconds kStart{1000};

Cameras start(int count, double seconds, const CameraSettings& settings, const Footage& footage) {
  const auto begin = Clock::now() + kStart;
  // Windows of cameras that are not in step end one after the other, evenly.
  const auto apart =
      settings.in_step ? std::chrono::duration<double>(0) : std::chrono::duration<double>(settings.window / count);
  Cameras cameras;
  for (int number = 0; number < count; ++number) {
    const auto later = std::chrono::duration_cast<Clock::duration>(apart * number);
    cameras.push_back(
        std::make_unique<Camera>(number, settings, footage, begin + later, std::lround(seconds * kFrameRate)));
  }
  return cameras;
}

Camera* next_due(const Cameras& cameras) {
  Camera* next = nullptr;
  for (const auto& camera : cameras)
    if (const auto due = camera->due(); due && (!next || *due < *next->due())) next = camera.get();
  return next;
}

/** Plays all, and measures the memory that is resident meanwhile: when the first stream ends all of them still play. */
void play(const Cameras& cameras, RunResult& result) {
  auto measure = Clock::now();
  while (Camera* camera = next_due(cameras)) {
    std::this_thread::sleep_until(*camera->due());
    camera->push();
    if (!camera->due() && result.settled == 0) result.settled = resident_bytes();
    if (!camera->due()) camera->end();
    if (Clock::now() < measure) continue;
    result.resident = std::max(result.resident, resident_bytes());
    measure = Clock::now() + std::chrono::milliseconds(500);
  }
  result.resident = std::max(result.resident, result.settled);
}

double load_of_machine() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

std::vector<double> RunResult::latencies() const {
  std::vector<double> all;
  for (const auto& camera : cameras) all.insert(all.end(), camera.latencies.begin(), camera.latencies.end());
  std::sort(all.begin(), all.end());
  return all;
}

guint64 RunResult::dropped() const {
  guint64 dropped = 0;
  for (const auto& camera : cameras) dropped += camera.dropped;
  return dropped;
}

double percentile(const std::vector<double>& ordered, double share) {
  if (ordered.empty()) return 0;
  const auto count = static_cast<double>(ordered.size());
  return ordered[static_cast<std::size_t>(std::max(std::ceil(share * count), 1.0)) - 1];
}

RunResult run_cameras(int count, double seconds, const CameraSettings& settings, const Footage& footage) {
  malloc_trim(0);  // what the run before left
  RunResult result{.seconds = seconds};
  const auto cameras = start(count, seconds, settings, footage);
  const auto before = processor_time();
  const auto begin = Clock::now();
  play(cameras, result);
  for (const auto& camera : cameras) result.cameras.push_back(camera->result());
  result.processor = processor_time() - before;
  result.wall = std::chrono::duration<double>(Clock::now() - begin).count();
  result.load = load_of_machine();
  return result;
}

}  // namespace gvl::benchmarks
