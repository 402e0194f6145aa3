/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/benchmark_run.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "evaluation/event_finder.hpp"
#include "evaluation/file_video.hpp"
#include "evaluation/running/frame_folder.hpp"
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
  return a.video == b.video && a.frames_per_second == b.frames_per_second && a.part.has_value() == b.part.has_value() &&
         (!a.part || is_same(*a.part, *b.part));
}

/** Items in the order in which videos are first named. */
std::vector<Group> groups_of(const std::vector<BenchmarkItem>& items) {
  std::map<std::string, std::vector<std::size_t>> of_video;
  std::vector<Group> groups;
  for (const BenchmarkItem& item : items) {
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

double seconds_of(const Video& video) {
  return static_cast<double>(video.frames()) * video.rate().denominator / video.rate().numerator;
}

/** Throws Error naming what is no video that can be decoded. */
std::unique_ptr<Video> open_video(const std::filesystem::path& path, const BenchmarkItem& item) {
  if (!std::filesystem::is_directory(path)) return std::make_unique<FileVideo>(path);
  if (item.frames_per_second > 0) return std::make_unique<FrameFolder>(path, item.frames_per_second);
  throw Error(ErrorCode::kNotFound,
              path.string() + ": is a folder of frames, and the benchmark does not say how many make a second");
}

/** What is being asked about a group: answers in the order of all its items' queries. */
struct Asked {
  std::vector<Future<Answer>> answers;
  double duration = 0;
};

std::vector<Future<Answer>> ask_by_windows(Model& model, Video& video, const std::vector<Query>& queries,
                                           const AskOptions& options) {
  std::vector<Query> asked;
  for (const Query& query : queries) {
    const auto is_same = [&](const Query& other) { return other.task == query.task && other.text == query.text; };
    if (std::none_of(asked.begin(), asked.end(), is_same)) asked.push_back(query);
  }
  const FoundInVideo found = events_of(ask(model, video, asked, options.generation), options.min_confidence);
  std::vector<Future<Answer>> answers;
  for (Answer& answer : answers_to(queries, found)) answers.push_back(Future<Answer>::of(std::move(answer)));
  return answers;
}

/** Reads a video and asks. Throws Error naming a video that cannot be read, and what the model throws. */
Asked ask_about(Model& model, const Group& group, const std::filesystem::path& path, const AskOptions& options) {
  const std::unique_ptr<Video> whole = open_video(path, *group.front());
  std::vector<Query> queries;
  for (const BenchmarkItem* item : group) queries.insert(queries.end(), item->queries.begin(), item->queries.end());
  std::unique_ptr<Video> part;
  if (group.front()->part) part = std::make_unique<PartOfVideo>(*whole, *group.front()->part);
  Video& video = part ? *part : *whole;
  return {options.by_windows ? ask_by_windows(model, video, queries, options)
                             : ask_about_all(model, video, queries, options.generation),
          seconds_of(video)};
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

std::vector<BenchmarkItem> share_of(const std::vector<BenchmarkItem>& items, std::size_t number, std::size_t count) {
  std::vector<BenchmarkItem> share;
  const std::vector<Group> groups = groups_of(items);
  for (std::size_t i = number - 1; i < groups.size(); i += count) {
    for (const BenchmarkItem* item : groups[i]) share.push_back(*item);
  }
  return share;
}

std::vector<VideoFault> run_items(Model& model, RunBenchmark benchmark, const std::vector<BenchmarkItem>& items,
                                  const VideoFolder& videos, const AskOptions& options, PredictionLog& log,
                                  const RunProgress& progress) {
  std::vector<VideoFault> faults;
  std::size_t done = 0;
  for (Group& group : groups_of(items)) {
    done += std::erase_if(group, [&](const BenchmarkItem* item) { return log.has(item->id); });
    if (group.empty()) continue;
    Asked asked;
    try {
      asked = ask_about(model, group, videos.find(group.front()->video), options);
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
