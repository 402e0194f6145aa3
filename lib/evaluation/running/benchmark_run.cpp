/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/benchmark_run.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "evaluation/event_finder.hpp"
#include "evaluation/file_video.hpp"
#include "evaluation/running/predictions.hpp"
#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

/** Frames of a video as if they were all of it. */
class PartOfVideo : public Video {
 public:
  PartOfVideo(Video& whole, const Interval& part) : whole_(whole) {
    const double rate = static_cast<double>(whole.rate().numerator) / whole.rate().denominator;
    const auto last = static_cast<double>(whole.frames() - 1);
    first_ = static_cast<std::int64_t>(std::clamp(std::floor(part.start * rate), 0.0, last));
    const auto stop = static_cast<std::int64_t>(std::clamp(std::ceil(part.stop * rate), 0.0, last + 1));
    frames_ = std::max<std::int64_t>(stop - first_, 1);
  }

  FrameRate rate() const override { return whole_.rate(); }
  std::int64_t frames() const override { return frames_; }
  RgbView frame(std::int64_t number) override { return whole_.frame(first_ + number); }

 private:
  Video& whole_;
  std::int64_t first_ = 0, frames_ = 0;
};

/** Items about the same part of the same video. */
using Group = std::vector<const BenchmarkItem*>;

bool are_together(const BenchmarkItem& a, const BenchmarkItem& b) {
  const auto is_same = [](const Interval& x, const Interval& y) { return x.start == y.start && x.stop == y.stop; };
  return a.video == b.video && a.part.has_value() == b.part.has_value() && (!a.part || is_same(*a.part, *b.part));
}

/** What the log lacks, in the order in which videos are first named. */
std::vector<Group> groups_of(const std::vector<BenchmarkItem>& items, const PredictionLog& log) {
  std::map<std::string, std::vector<std::size_t>> of_video;
  std::vector<Group> groups;
  for (const BenchmarkItem& item : items) {
    if (log.has(item.id)) continue;
    auto& known = of_video[item.video];
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](std::size_t group) { return are_together(*groups[group].front(), item); });
    if (found != known.end()) {
      groups[*found].push_back(&item);
      continue;
    }
    known.push_back(groups.size());
    groups.push_back({&item});
  }
  return groups;
}

/** What is being asked about a group: answers in the order of all its items' queries. */
struct Asked {
  std::vector<Future<Answer>> answers;
  double duration = 0;
};

/** Reads a video and asks. Throws Error naming a video that cannot be read; nothing of the model. */
Asked ask_about(Model& model, const Group& group, const std::filesystem::path& file,
                const GenerationOptions& generation) {
  FileVideo whole(file);
  std::vector<Query> queries;
  for (const BenchmarkItem* item : group) queries.insert(queries.end(), item->queries.begin(), item->queries.end());
  std::unique_ptr<Video> part;
  if (group.front()->part) part = std::make_unique<PartOfVideo>(whole, *group.front()->part);
  Video& video = part ? *part : static_cast<Video&>(whole);
  const double rate = static_cast<double>(video.rate().numerator) / video.rate().denominator;
  return {ask_about_all(model, video, queries, generation), static_cast<double>(video.frames()) / rate};
}

void add_fault(const Group& group, const std::string& why, std::vector<VideoFault>& faults) {
  const std::string& video = group.front()->video;
  const auto known =
      std::find_if(faults.begin(), faults.end(), [&](const auto& fault) { return fault.video == video; });
  if (known != faults.end()) {
    known->items += group.size();
  } else {
    faults.push_back({video, why, group.size()});
  }
}

}  // namespace

std::vector<VideoFault> run_items(Model& model, RunBenchmark benchmark, const std::vector<BenchmarkItem>& items,
                                  const VideoFolder& videos, const GenerationOptions& generation, PredictionLog& log,
                                  const RunProgress& progress) {
  std::vector<VideoFault> faults;
  std::size_t done = log.lines().size();
  for (const Group& group : groups_of(items, log)) {
    Asked asked;
    try {
      asked = ask_about(model, group, videos.find(group.front()->video), generation);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound && error.code() != ErrorCode::kMalformed) throw;
      add_fault(group, error.what(), faults);
      done += group.size();
      if (progress && !progress(done, items.size())) return faults;
      continue;
    }
    std::size_t next = 0;
    for (const BenchmarkItem* item : group) {
      std::vector<Answer> answers;
      for (std::size_t i = 0; i < item->queries.size(); ++i) answers.push_back(asked.answers[next++].get());
      log.add(item->id, prediction_line(benchmark, *item, answers, asked.duration));
      if (progress && !progress(++done, items.size())) return faults;
    }
  }
  return faults;
}

}  // namespace gvl::evaluation
