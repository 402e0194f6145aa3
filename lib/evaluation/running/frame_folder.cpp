/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/frame_folder.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& file) {
  constexpr const char* kEndings[] = {".jpg", ".jpeg", ".png"};
  return std::find(std::begin(kEndings), std::end(kEndings), file.extension().string()) != std::end(kEndings);
}

/** Pictures by their numbers. */
std::map<std::int64_t, fs::path> numbered(const fs::path& folder) {
  std::map<std::int64_t, fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const auto number = frame_number(entry.path());
    if (!number || !entry.is_regular_file()) continue;
    const auto [place, is_new] = files.emplace(*number, entry.path());
    if (is_new) continue;
    throw Error(ErrorCode::kMalformed, folder.string() + ": has frame " + std::to_string(*number) + " twice, " +
                                           io::quote(std::min(place->second, entry.path()).filename().string()) +
                                           " and " +
                                           io::quote(std::max(place->second, entry.path()).filename().string()));
  }
  return files;
}

}  // namespace

std::optional<std::int64_t> frame_number(const fs::path& file) {
  constexpr std::size_t kMostDigits = 12;
  if (!is_picture(file)) return std::nullopt;
  const std::string stem = file.stem().string();
  const std::size_t before = stem.find_last_not_of("0123456789");
  const std::string digits = stem.substr(before == stem.npos ? 0 : before + 1);
  std::int64_t number = 0;
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

FrameFolder::FrameFolder(const fs::path& folder, double rate) : rate_(FrameRate::of(rate)) {
  std::optional<std::int64_t> last;
  for (auto& [number, file] : numbered(folder)) {
    if (last && number != *last + 1) {
      throw Error(ErrorCode::kMalformed, folder.string() + ": frame " + std::to_string(*last + 1) + " is missing");
    }
    last = number;
    files_.push_back(file);
  }
  if (files_.empty()) throw Error(ErrorCode::kMalformed, folder.string() + ": has no frames");
}

RgbView FrameFolder::frame(std::int64_t number) {
  if (std::exchange(decoded_, number) != number) {
    const fs::path& file = files_.at(static_cast<std::size_t>(number));
    cv::Mat bgr;
    try {
      bgr = cv::imread(file.string(), cv::IMREAD_COLOR);
    } catch (const cv::Exception&) {
      // As one that is no picture.
    }
    if (bgr.empty()) throw Error(ErrorCode::kMalformed, file.string() + ": is no picture that can be decoded");
    cv::cvtColor(bgr, rgb_, cv::COLOR_BGR2RGB);
  }
  return {rgb_.data, rgb_.cols, rgb_.rows, static_cast<std::int64_t>(rgb_.step)};
}

}  // namespace gvl::evaluation
