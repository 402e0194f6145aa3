/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/moments.hpp"

#include <algorithm>
#include <utility>

#include "annotation/video_name.hpp"
#include "io/quote.hpp"

namespace gvl::annotation {

void require_moments(const io::JsonValue& record, std::size_t count) {
  // A language model reads all of them at once.
  constexpr std::size_t kMost = 1000;
  if (count > kMost) throw record.error("has " + std::to_string(count) + " moments, more than 1000");
}

std::size_t Videos::add(const io::JsonValue& record, const std::string& name, std::optional<double> duration) {
  constexpr std::size_t kMost = 1'000'000;
  if (!names_.insert(name).second) throw record.error("is the video " + io::quote(name) + " a second time");
  if (read_.videos.size() == kMost) throw record.error("is one video of too many (1000000)");
  read_.videos.push_back({name, duration, {}});
  return read_.videos.size() - 1;
}

void Videos::add_moment(std::size_t video, evaluation::Interval time, const std::string& caption) {
  AnnotatedVideo& to = read_.videos[video];
  if (time.start > time.stop) std::swap(time.start, time.stop);
  if (to.duration) time.stop = std::min(time.stop, *to.duration);
  // As long as the shortest time that is written.
  constexpr double kShortest = 0.01;
  std::string words = in_one_line(caption);
  if (words.empty()) return reject(video, caption, "the caption is empty");
  if (to.duration && time.start >= *to.duration) return reject(video, words, "the moment lies behind the video's end");
  if (time.stop - time.start < kShortest) return reject(video, words, "the moment has no length");
  to.moments.push_back({time, std::move(words)});
}

void Videos::reject(std::size_t video, const std::string& what, const std::string& reason) {
  read_.rejected.push_back({read_.videos[video].name, what, reason});
}

Annotation Videos::take() {
  for (AnnotatedVideo& video : read_.videos) {
    std::stable_sort(video.moments.begin(), video.moments.end(),
                     [](const Moment& a, const Moment& b) { return a.time.start < b.time.start; });
    if (video.moments.empty()) read_.rejected.push_back({video.name, "", "the video has no moments"});
  }
  std::erase_if(read_.videos, [](const AnnotatedVideo& video) { return video.moments.empty(); });
  return std::move(read_);
}

}  // namespace gvl::annotation
