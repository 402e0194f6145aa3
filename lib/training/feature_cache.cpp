/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/feature_cache.hpp"

#include <glib.h>

#include <cmath>
#include <map>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "io/safetensors.hpp"
#include "io/weights.hpp"
#include "model/model_folder.hpp"

namespace gvl::training {
namespace {

namespace fs = std::filesystem;

/** Of how frames are chosen and resized, which this program does itself. */
constexpr const char* kSampling = "frames 1";

class Sha256 {
 public:
  Sha256() : sum_(g_checksum_new(G_CHECKSUM_SHA256)) {}
  ~Sha256() { g_checksum_free(sum_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(const void* data, std::size_t bytes) {
    g_checksum_update(sum_, static_cast<const guchar*>(data), static_cast<gssize>(bytes));
  }
  /** With its length, so that no two lists of texts are alike. */
  void add(const std::string& text) {
    const std::string length = std::to_string(text.size()) + ":";
    add(length.data(), length.size());
    add(text.data(), text.size());
  }
  std::string digits() { return g_checksum_get_string(sum_); }

 private:
  GChecksum* sum_;
};

/** What tells one content of a file from another without reading it. */
std::string state_of(const fs::path& video) {
  std::error_code error;
  const auto size = fs::file_size(video, error);
  const auto changed = error ? fs::file_time_type() : fs::last_write_time(video, error);
  if (error) return {};
  return std::to_string(size) + " " + std::to_string(changed.time_since_epoch().count());
}

bool has(const io::SafetensorsFile& file, const char* name, const std::string& value) {
  const auto found = file.metadata().find(name);
  return found != file.metadata().end() && found->second == value;
}

}  // namespace

FeatureCache::FeatureCache(fs::path folder, std::string fingerprint)
    : folder_(std::move(folder)), fingerprint_(std::move(fingerprint)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(ErrorCode::kResource, folder_.string() + ": cannot be created: " + error.message());
}

fs::path FeatureCache::file_of(const fs::path& video) const {
  Sha256 sum;
  sum.add(fingerprint_);
  sum.add(fs::weakly_canonical(video).string());
  return folder_ / (sum.digits() + ".safetensors");
}

std::optional<VideoFeatures> FeatureCache::find(const fs::path& video) const {
  const fs::path path = file_of(video);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    const auto file = io::SafetensorsFile::open(path);
    if (!has(file, "encoders", fingerprint_) || !has(file, "state", state_of(video))) return std::nullopt;
    VideoFeatures features{0, file.get("spatial"), file.get("temporal")};
    const auto duration = file.metadata().find("duration");
    if (duration == file.metadata().end()) return std::nullopt;
    features.duration = g_ascii_strtod(duration->second.c_str(), nullptr);
    const auto is_sound = [](const Tensor& tensor) {
      return tensor.type == DataType::kFloat32 && tensor.shape.size() == 3;
    };
    if (!(features.duration > 0) || !is_sound(features.spatial) || !is_sound(features.temporal)) return std::nullopt;
    return features;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void FeatureCache::add(const fs::path& video, const VideoFeatures& features) const {
  char duration[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr(duration, sizeof duration, features.duration);
  const fs::path path = file_of(video);
  io::SafetensorsWriter writer(
      path,
      {{"spatial", DataType::kFloat32, features.spatial.shape},
       {"temporal", DataType::kFloat32, features.temporal.shape}},
      {{"video", video.string()}, {"state", state_of(video)}, {"encoders", fingerprint_}, {"duration", duration}});
  writer.write("spatial", features.spatial);
  writer.write("temporal", features.temporal);
  writer.finish();
}

std::optional<std::string> encoder_fingerprint(const fs::path& folder, const ModelConfig& model,
                                               const std::string& precision) {
  if (!model::has_weights(folder)) return std::nullopt;
  const io::Weights weights = io::Weights::open(folder);
  Sha256 sum;
  sum.add(kSampling);
  sum.add(precision);
  sum.add(model.to_json());
  for (const std::string& name : weights.names()) {
    if (!name.starts_with("spatial_encoder.") && !name.starts_with("temporal_encoder.")) continue;
    const Tensor tensor = weights.get(name);
    sum.add(name);
    sum.add(tensor.map(), tensor.bytes());
  }
  return sum.digits();
}

}  // namespace gvl::training
