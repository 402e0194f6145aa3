/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/faults.hpp"

#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace gvl::scenes {
namespace {

/** Normal deviates times 32, by 4096 equally probable steps: a look-up is much faster than a logarithm. */
const std::array<std::int8_t, 4096>& normal_table() {
  static const auto table = [] {
    std::array<std::int8_t, 4096> values{};
    // The cumulated density is inverted by walking along it.
    double x = -4, sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      while (sum < (static_cast<double>(i) + 0.5) / 4096 && x < 4) {
        sum += 0.3989422804 * std::exp(-0.5 * x * x) * 0.001;
        x += 0.001;
      }
      values[i] = static_cast<std::int8_t>(std::lround(std::clamp(x * 32, -127.0, 127.0)));
    }
    return values;
  }();
  return table;
}

double smooth(double u) {
  u = std::clamp(u, 0.0, 1.0);
  return u * u * (3 - 2 * u);
}

void apply_curve(cv::Mat& rgb, const std::array<std::uint8_t, 256>& curve) {
  cv::LUT(rgb, cv::Mat(1, 256, CV_8U, const_cast<std::uint8_t*>(curve.data())), rgb);
}

template <typename Function>
void map_levels(cv::Mat& rgb, Function function) {
  std::array<std::uint8_t, 256> curve{};
  for (int i = 0; i < 256; ++i) curve[static_cast<std::size_t>(i)] = cv::saturate_cast<std::uint8_t>(function(i));
  apply_curve(rgb, curve);
}

void to_gray(double amount, cv::Mat& rgb) {
  cv::Mat gray, three;
  cv::cvtColor(rgb, gray, cv::COLOR_RGB2GRAY);
  cv::cvtColor(gray, three, cv::COLOR_GRAY2RGB);
  if (amount >= 1) {
    rgb = three;
  } else {
    cv::addWeighted(three, amount, rgb, 1 - amount, 0, rgb);
  }
}

void blur(double strength, bool box, cv::Mat& rgb) {
  const double sigma = strength * std::min(rgb.cols, rgb.rows);
  if (sigma < 0.3) return;
  if (box) {
    // Two passes of a box have the variance of (width^2 - 1) / 6.
    const int width = 2 * cvRound(std::sqrt(6 * sigma * sigma + 1) / 2) + 1;
    cv::blur(rgb, rgb, {width, width});
    cv::blur(rgb, rgb, {width, width});
  } else {
    const int width = 2 * cvCeil(2.5 * sigma) + 1;
    cv::GaussianBlur(rgb, rgb, {width, width}, sigma);
  }
}

/** Static as of a television without a station. */
void draw_static(Random random, cv::Mat& rgb) {
  for (int y = 0; y < rgb.rows; ++y) {
    auto* row = rgb.ptr<cv::Vec3b>(y);
    std::uint64_t bits = 0;
    for (int x = 0; x < rgb.cols; ++x) {
      if (x % 8 == 0) bits = random.next();
      const auto value = static_cast<std::uint8_t>(bits >> (8 * (x % 8)));
      row[x] = {value, value, value};
    }
  }
}

void add_noise_fault(const Fault& fault, double amount, std::int64_t frame, cv::Mat& rgb) {
  const Random random = Random(fault.seed).fork(static_cast<std::uint64_t>(frame));
  if (fault.variant == 2 && fault.strength > 60) {
    cv::Mat snow(rgb.size(), CV_8UC3);
    draw_static(random, snow);
    const double weight = amount * std::min(1.0, 0.6 + (fault.strength - 60) / 60);
    cv::addWeighted(snow, weight, rgb, 1 - weight, 0, rgb);
  } else {
    add_noise(amount * fault.strength, fault.variant == 1, random, rgb);
  }
}

void pixelate(int side, cv::Mat& rgb) {
  cv::Mat coarse;
  const cv::Size cells{std::max(rgb.cols / side, 2), std::max(rgb.rows / side, 2)};
  cv::resize(rgb, coarse, cells, 0, 0, cv::INTER_AREA);
  cv::resize(coarse, rgb, rgb.size(), 0, 0, cv::INTER_NEAREST);
}

/** As a decoder that lost packets: blocks from elsewhere, or smeared, or of one wrong colour. */
void break_up(const Fault& fault, int side, std::int64_t frame, cv::Mat& rgb) {
  const cv::Mat whole = rgb.clone();
  // Errors stay for some frames, until the next key frame.
  Random random = Random(fault.seed).fork(static_cast<std::uint64_t>(frame / 3));
  const double share = 0.35 + 0.4 * Random(fault.seed).uniform();
  for (int y = 0; y < rgb.rows; y += side) {
    for (int x = 0; x < rgb.cols; x += side) {
      const cv::Rect block = cv::Rect(x, y, side, side) & cv::Rect({}, rgb.size());
      const bool broken = random.chance(share);
      const double manner = fault.variant == 1 ? 0 : random.uniform();
      const auto from_x = static_cast<int>(random.integer(0, rgb.cols - block.width));
      const auto from_y = static_cast<int>(random.integer(0, rgb.rows - block.height));
      const cv::Scalar wrong(random.uniform(0, 255), random.uniform(60, 255), random.uniform(0, 255));
      if (!broken) continue;
      if (manner < 0.5) {
        whole(cv::Rect({from_x, from_y}, block.size())).copyTo(rgb(block));
      } else if (manner < 0.8) {
        cv::repeat(whole(cv::Rect(block.x, block.y, 1, block.height)), 1, block.width, rgb(block));
      } else {
        rgb(block).setTo(manner < 0.9 ? cv::mean(whole(block)) : wrong);
      }
    }
  }
}

void flicker(const Fault& fault, std::int64_t frame, cv::Mat& rgb) {
  Random random = Random(fault.seed).fork(static_cast<std::uint64_t>(frame));
  const double u = random.uniform();
  // Every frame by chance: what alternates strictly would vanish where every second frame is looked at.
  const double gain = fault.variant == 0 ? 1 + fault.strength * (2 * u - 1)
                      : u < 0.5          ? 1 - fault.strength
                                         : 1 + 0.25 * fault.strength;
  rgb.convertTo(rgb, -1, gain, 0);
}

void draw_bars(bool smpte, cv::Mat& rgb) {
  static const std::array<cv::Scalar, 7> bars{
      cv::Scalar(191, 191, 191), {191, 191, 0}, {0, 191, 191}, {0, 191, 0}, {191, 0, 191}, {191, 0, 0}, {0, 0, 191}};
  static const std::array<cv::Scalar, 7> under{cv::Scalar(0, 0, 191), {19, 19, 19}, {191, 0, 191},  {19, 19, 19},
                                               {0, 191, 191},         {19, 19, 19}, {191, 191, 191}};
  static const std::array<cv::Scalar, 6> foot{cv::Scalar(0, 33, 76), {255, 255, 255}, {50, 0, 106},
                                              {19, 19, 19},          {9, 9, 9},       {19, 19, 19}};
  static const std::array<cv::Scalar, 8> ebu{cv::Scalar(255, 255, 255),
                                             {255, 255, 0},
                                             {0, 255, 255},
                                             {0, 255, 0},
                                             {255, 0, 255},
                                             {255, 0, 0},
                                             {0, 0, 255},
                                             {0, 0, 0}};
  const auto row = [&](const auto& colours, double top, double bottom) {
    const auto count = static_cast<int>(colours.size());
    for (int i = 0; i < count; ++i) {
      const cv::Rect bar(cv::Point(i * rgb.cols / count, cvRound(top * rgb.rows)),
                         cv::Point((i + 1) * rgb.cols / count, cvRound(bottom * rgb.rows)));
      rgb(bar).setTo(colours[static_cast<std::size_t>(i)]);
    }
  };
  if (!smpte) return row(ebu, 0, 1);
  row(bars, 0, 0.67);
  row(under, 0.67, 0.75);
  row(foot, 0.75, 1);
}

/** A hand or a cloth before the lens: from one side, with a soft wavy edge. */
void cover(const Fault& fault, double amount, cv::Mat& rgb) {
  const double c = std::cos(fault.angle), s = std::sin(fault.angle);
  const double reach = std::abs(c) + std::abs(s);
  const double edge = amount * fault.strength;
  Random random(fault.seed);
  const double waves = random.uniform(4, 12), phase = random.uniform(0, 6), grain = random.uniform(6, 20);
  for (int y = 0; y < rgb.rows; ++y) {
    auto* row = rgb.ptr<cv::Vec3b>(y);
    const double v = (y + 0.5) / rgb.rows - 0.5;
    for (int x = 0; x < rgb.cols; ++x) {
      const double u = (x + 0.5) / rgb.cols - 0.5;
      // 0 at the side it comes from, 1 at the other.
      const double depth = (u * c + v * s) / reach + 0.5;
      const double along = v * c - u * s;
      const double wave = 0.03 * std::sin(waves * along + phase) * std::min(1.0, 4 * edge);
      const double alpha = smooth((edge + wave - depth) / 0.05 + 0.5 * (amount >= 1));
      if (alpha <= 0) continue;
      const double shade = 1 + 0.25 * std::sin(grain * along + 5 * depth + phase) * std::cos(0.7 * grain * depth);
      for (int k = 0; k < 3; ++k) {
        row[x][k] = cv::saturate_cast<std::uint8_t>(row[x][k] * (1 - alpha) + fault.colour[k] * shade * alpha);
      }
    }
  }
}

void brighten(const Fault& fault, double amount, cv::Mat& rgb) {
  const double gain = 1 + amount * (0.6 + 1.4 * fault.strength), offset = amount * (70 + 70 * fault.strength);
  const double gamma = 1 / (1 + amount * (2.5 + 3 * fault.strength));
  if (fault.variant == 0) return map_levels(rgb, [&](int v) { return 255 * std::pow((v + 12) / 267.0, gamma); });
  map_levels(rgb, [&](int v) { return v * gain + offset; });
}

void darken(const Fault& fault, double amount, cv::Mat& rgb) {
  const double gain = 1 - amount * (0.72 + 0.13 * fault.strength), gamma = 1 + amount * (2.2 + 1.5 * fault.strength);
  if (fault.variant == 0)
    return map_levels(rgb, [&](int v) { return 255 * std::pow(v / 255.0, gamma) * (1 - 0.3 * amount); });
  map_levels(rgb, [&](int v) { return v * gain - amount * 6; });
}

double amount_of(const Fault& fault, double time) {
  if (fault.ramp <= 0) return 1;
  return std::clamp(std::min(time - fault.start, fault.stop - time) / fault.ramp, 0.2, 1.0);
}

/** Pictures of one colour are seldom clean off the air. */
void fill(const Fault& fault, std::int64_t frame, cv::Mat& rgb) {
  rgb.setTo(cv::Scalar::all(fault.strength));
  const double noise = fault.variant == 2 ? 4 : 0;
  if (noise > 0) add_noise(noise, false, Random(fault.seed).fork(static_cast<std::uint64_t>(frame)), rgb);
}

}  // namespace

void add_noise(double deviation, bool gray, Random random, cv::Mat& rgb) {
  if (deviation < 0.3) return;
  const auto& table = normal_table();
  const int scale = cvRound(deviation * 8);
  const int per_row = gray ? rgb.cols : 3 * rgb.cols, repeats = gray ? 3 : 1;
  for (int y = 0; y < rgb.rows; ++y) {
    std::uint8_t* out = rgb.ptr<std::uint8_t>(y);
    std::uint64_t bits = 0;
    for (int i = 0; i < per_row; ++i) {
      if (i % 5 == 0) bits = random.next();
      const int noise = (table[bits & 4095] * scale + 128) >> 8;
      bits >>= 12;
      for (int k = 0; k < repeats; ++k, ++out) *out = static_cast<std::uint8_t>(std::clamp(*out + noise, 0, 255));
    }
  }
}

void apply_fault(const Fault& fault, double time, std::int64_t frame, cv::Mat& rgb) {
  const double amount = amount_of(fault, time);
  const int side = std::max(2, cvRound(fault.strength * std::min(rgb.cols, rgb.rows)));
  switch (fault.kind) {
    case EventKind::kBlack:
    case EventKind::kWhite:
      return fill(fault, frame, rgb);
    case EventKind::kGrayscale:
      return to_gray(amount, rgb);
    case EventKind::kBlur:
      return blur(amount * fault.strength, fault.variant == 1, rgb);
    case EventKind::kNoise:
      return add_noise_fault(fault, amount, frame, rgb);
    case EventKind::kBlocks:
      return fault.variant == 0 ? pixelate(side, rgb) : break_up(fault, side, frame, rgb);
    case EventKind::kFlicker:
      return flicker(fault, frame, rgb);
    case EventKind::kColorBars:
      return draw_bars(fault.variant != 1, rgb);
    case EventKind::kUpsideDown:
      return cv::flip(rgb, rgb, fault.variant == 0 ? 0 : -1);
    case EventKind::kCovered:
      return cover(fault, amount, rgb);
    case EventKind::kTooBright:
      return brighten(fault, amount, rgb);
    case EventKind::kTooDark:
      return darken(fault, amount, rgb);
    default:
      return;
  }
}

}  // namespace gvl::scenes
