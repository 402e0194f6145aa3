/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector-errors/composed.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "detector-errors/clean.hpp"
#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "training/video_file.hpp"

namespace gvl::benchmarks {
namespace {

constexpr double kSmallest = 0.06, kLargest = 0.7;  // of a thing, in parts of the square's side
constexpr float kSameThing = 0.4F;
constexpr int kLongest = 832;  // of a background: twice what the detector sees

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> columns(1);
  for (const char c : line) {
    if (c == '\t') {
      columns.emplace_back();
    } else {
      columns.back() += c;
    }
  }
  return columns;
}

/** RGBA with colours multiplied by alpha, without transparent edges. */
cv::Mat load_cut_out(const std::filesystem::path& file) {
  const cv::Mat bgra = cv::imread(file.string(), cv::IMREAD_UNCHANGED);
  if (bgra.empty() || bgra.type() != CV_8UC4) {
    throw Error(ErrorCode::kMalformed, file.string() + ": is no picture with 8 bits of red, green, blue and alpha");
  }
  cv::Mat alpha, rgba, multiplied;
  cv::extractChannel(bgra, alpha, 3);
  const cv::Rect box = cv::boundingRect(alpha > 32);
  if (box.empty()) throw Error(ErrorCode::kMalformed, file.string() + ": is transparent");
  cv::cvtColor(bgra(box), rgba, cv::COLOR_BGRA2RGBA);
  cv::cvtColor(rgba, multiplied, cv::COLOR_RGBA2mRGBA);
  return multiplied;
}

std::size_t class_named(const std::string& name, const std::filesystem::path& table) {
  const auto kind = class_of(name);
  if (!kind) throw Error(ErrorCode::kMalformed, table.string() + ": \"" + name + "\" is no class of COCO");
  return *kind;
}

vision::Box in_square(const cv::Rect2d& box, const cv::Mat& frame) {
  const double side = std::max(frame.cols, frame.rows);
  const double x = (side - frame.cols) / 2, y = (side - frame.rows) / 2;
  const auto part = [&](double pixels) { return static_cast<float>(pixels / side); };
  return {part(box.x + x), part(box.y + y), part(box.x + box.width + x), part(box.y + box.height + y)};
}

template <typename Thing>
const Thing& any_of(const std::vector<Thing>& things, scenes::Random& random) {
  return things[static_cast<std::size_t>(random.integer(0, std::ssize(things) - 1))];
}

}  // namespace

std::vector<Stamp> read_stamps(const std::filesystem::path& table) {
  std::ifstream stream(table);
  std::string line;
  if (!std::getline(stream, line)) throw Error(ErrorCode::kNotFound, table.string() + ": cannot be read");
  std::vector<Stamp> stamps;
  while (std::getline(stream, line)) {
    const auto columns = split(line);
    if (columns.size() != 3) throw Error(ErrorCode::kMalformed, table.string() + ": has a line without 3 columns");
    if (columns[2].empty()) continue;
    const cv::Mat picture = load_cut_out(table.parent_path() / columns[0]);
    stamps.push_back({class_named(columns[2], table), picture.cols, picture.rows, scenes::Sprite(picture)});
  }
  if (stamps.empty()) throw Error(ErrorCode::kMalformed, table.string() + ": names no picture with a class");
  return stamps;
}

std::vector<cv::Mat> read_backgrounds(const std::filesystem::path& list, std::int64_t each) {
  std::vector<cv::Mat> backgrounds;
  for (const auto& file : read_list(list)) {
    training::VideoFile video(file);
    const std::int64_t count = std::min(each, video.frames());
    for (std::int64_t i = 0; i < count; ++i) {
      const RgbView view = video.frame(sample_index(i, count, video.frames()));
      const cv::Mat frame(static_cast<int>(view.height), static_cast<int>(view.width), CV_8UC3,
                          const_cast<std::uint8_t*>(view.data), static_cast<std::size_t>(view.stride));
      cv::Mat copy;
      const double scale = static_cast<double>(kLongest) / std::max(frame.cols, frame.rows);
      cv::resize(frame, copy, {}, scale, scale, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
      backgrounds.push_back(copy);
    }
  }
  return backgrounds;
}

Composed::Composed(const Detector& detector, Crops& crops, const std::vector<Stamp>& stamps,
                   std::vector<cv::Mat> backgrounds)
    : detector_(detector), crops_(crops), backgrounds_(std::move(backgrounds)) {
  std::map<std::size_t, std::vector<Stamp>> by_class;
  for (const Stamp& stamp : stamps) by_class[stamp.kind].push_back(stamp);
  for (auto& [kind, same] : by_class) classes_.push_back(std::move(same));
}

Composed::Placed Composed::draw(scenes::Random& random, cv::Mat& frame) const {
  const Stamp& stamp = any_of(any_of(classes_, random), random);
  const double side = std::max(frame.cols, frame.rows);
  const double size = side * std::exp(random.uniform(std::log(kSmallest), std::log(kLargest)));
  const double wanted = size / std::sqrt(static_cast<double>(stamp.width) * stamp.height);
  const double scale = std::min({wanted, 0.98 * frame.cols / stamp.width, 0.98 * frame.rows / stamp.height});
  const double width = scale * stamp.width, height = scale * stamp.height;
  const double left = random.uniform(0, frame.cols - width), top = random.uniform(0, frame.rows - height);
  stamp.picture.draw({left + width / 2, top + height / 2, std::max(width, height)}, frame);
  return {stamp.kind, in_square({left, top, width, height}, frame)};
}

void Composed::add(std::int64_t pictures, std::int64_t objects) {
  constexpr std::int64_t kAtOnce = 64, kCropEvery = 20;
  scenes::Random random(1);
  for (std::int64_t done = 0; done < pictures; done += kAtOnce) {
    Pictures batch(std::min(kAtOnce, pictures - done));
    std::vector<Placed> placed;
    for (std::int64_t i = 0; i < batch.pixels().size(0); ++i) {
      cv::Mat frame = any_of(backgrounds_, random).clone();
      placed.push_back(draw(random, frame));
      batch.put(i, {frame.data, frame.cols, frame.rows, static_cast<std::int64_t>(frame.step)});
    }
    const auto seen = detector_.look(batch, objects);
    for (std::int64_t i = 0; i < std::ssize(seen); ++i) {
      const Placed& thing = placed[static_cast<std::size_t>(i)];
      const auto box = add_sighting(thing, seen[static_cast<std::size_t>(i)]);
      if (box && (done + i) % kCropEvery == 0) crops_.write(batch, i, thing.kind, *box);
    }
  }
}

std::optional<vision::Box> Composed::add_sighting(const Placed& placed, const vision::SeenPicture& seen) {
  Sighting sighting{placed.kind, size_of(placed.box)};
  for (const vision::Detection& object : seen.objects) {
    if (vision::overlap(object.box, placed.box) < kSameThing) continue;
    if (!sighting.seen || object.scores[placed.kind] > sighting.score()) sighting.seen = object;
  }
  sightings_.add(sighting);
  if (!sighting.seen) return std::nullopt;
  const vision::Box& box = sighting.seen->box;
  overlaps_.push_back(vision::overlap(box, placed.box));
  offsets_.push_back((box.left + box.right - placed.box.left - placed.box.right) / 2 / sighting.size);
  offsets_.push_back((box.top + box.bottom - placed.box.top - placed.box.bottom) / 2 / sighting.size);
  growths_.push_back(std::log(size_of(box) / sighting.size));
  return box;
}

void Composed::print() const {
  std::printf("Stamps in films\n\n");
  sightings_.print();
  std::printf("\nboxes of what is seen | number | mean | deviation | deciles\n");
  const auto row = [](const char* name, const std::vector<float>& values) {
    std::printf("%s | %zu | %.3f | %.3f | %s\n", name, values.size(), mean(values), deviation(values),
                deciles(values).c_str());
  };
  row("IoU with the thing", overlaps_);
  row("centre beside the thing's, in sizes", offsets_);
  row("log of the size by the thing's", growths_);
}

}  // namespace gvl::benchmarks
