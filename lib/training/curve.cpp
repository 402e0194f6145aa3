/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/curve.hpp"

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>
#include <string>

#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace gvl::training {
namespace {

constexpr const char* kHeader = "step,texts,seconds,text_loss,frame_loss,gradient_norm,schedule";
constexpr double kWidth = 800, kHeight = 400, kMargin = 50;

void write(std::ostream& stream, const CurvePoint& point) {
  stream << point.step << ',' << point.texts << ',' << point.seconds << ',' << point.text_loss << ','
         << point.frame_loss << ',' << point.gradient_norm << ',' << point.schedule << '\n';
}

std::vector<CurvePoint> read(const std::filesystem::path& csv, std::int64_t steps_done) {
  std::vector<CurvePoint> points;
  std::ifstream stream(csv);
  std::string line;
  std::getline(stream, line);
  while (std::getline(stream, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream values(line);
    values.imbue(std::locale::classic());
    CurvePoint point;
    values >> point.step >> point.texts >> point.seconds >> point.text_loss >> point.frame_loss >>
        point.gradient_norm >> point.schedule;
    if (!values || point.step > steps_done) break;
    points.push_back(point);
  }
  return points;
}

/** A loss smoothed over a fiftieth of the run, as an SVG polyline. */
std::string polyline(const std::vector<CurvePoint>& points, double CurvePoint::*value, double largest,
                     const char* colour) {
  std::ostringstream line;
  line.imbue(std::locale::classic());
  line << "<polyline fill=\"none\" stroke=\"" << colour << "\" stroke-width=\"1.5\" points=\"";
  const std::size_t around = std::max<std::size_t>(points.size() / 100, 1);
  const std::size_t stride = std::max<std::size_t>(points.size() / 800, 1);
  for (std::size_t i = 0; i < points.size(); i += stride) {
    const std::size_t begin = i < around ? 0 : i - around, end = std::min(i + around + 1, points.size());
    double sum = 0;
    for (std::size_t j = begin; j < end; ++j) sum += points[j].*value;
    const double mean = sum / static_cast<double>(end - begin);
    const double x = kMargin + (kWidth - 2 * kMargin) * static_cast<double>(i) / static_cast<double>(points.size());
    line << x << ',' << kHeight - kMargin - (kHeight - 2 * kMargin) * mean / largest << ' ';
  }
  line << "\"/>\n";
  return line.str();
}

double largest_of(const std::vector<CurvePoint>& points, double CurvePoint::*value) {
  double largest = 1e-9;
  for (const CurvePoint& point : points) {
    if (std::isfinite(point.*value)) largest = std::max(largest, point.*value);
  }
  return largest;
}

}  // namespace

Curve::Curve(std::filesystem::path csv, std::int64_t steps_done)
    : csv_(std::move(csv)), points_(read(csv_, steps_done)) {
  stream_.imbue(std::locale::classic());
  stream_.open(csv_, std::ios::trunc);
  stream_ << kHeader << '\n';
  for (const CurvePoint& point : points_) write(stream_, point);
  stream_.flush();
  if (!stream_) throw Error(ErrorCode::kResource, csv_.string() + ": cannot be written");
}

void Curve::add(const CurvePoint& point) {
  points_.push_back(point);
  write(stream_, point);
  stream_.flush();
  if (!stream_) throw Error(ErrorCode::kResource, csv_.string() + ": cannot be written");
}

void Curve::draw(const std::filesystem::path& svg) const {
  if (points_.empty()) return;
  const double text = largest_of(points_, &CurvePoint::text_loss);
  const double frame = largest_of(points_, &CurvePoint::frame_loss);
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  stream << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << kWidth << ' ' << kHeight
         << "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
         << "<path d=\"M" << kMargin << ' ' << kMargin << "V" << kHeight - kMargin << "H" << kWidth - kMargin
         << "\" fill=\"none\" stroke=\"black\"/>\n"
         << polyline(points_, &CurvePoint::text_loss, text, "#1f77b4");
  if (frame > 1e-6) stream << polyline(points_, &CurvePoint::frame_loss, frame, "#ff7f0e");
  stream << "<text x=\"" << kMargin << "\" y=\"30\" fill=\"#1f77b4\">loss of texts, 0 to " << text << "</text>\n";
  if (frame > 1e-6) {
    stream << "<text x=\"" << kWidth / 2 << "\" y=\"30\" fill=\"#ff7f0e\">loss of frames, 0 to " << frame
           << "</text>\n";
  }
  stream << "<text x=\"" << kWidth - kMargin << "\" y=\"" << kHeight - 20 << "\" text-anchor=\"end\">step "
         << points_.back().step << ", " << points_.back().texts << " texts</text>\n</svg>\n";
  io::write_atomically(svg, stream.view());
}

}  // namespace gvl::training
