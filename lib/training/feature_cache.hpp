/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "gvl/config.hpp"
#include "gvl/tensor.hpp"

namespace gvl::training {

/** What frozen encoders make of a video: Sample's features, the temporal ones pooled. */
struct VideoFeatures {
  double duration = 0;  ///< seconds
  Tensor spatial;       ///< float32 [K, P, D]
  Tensor temporal;      ///< float32 [K, frames * P', D']
};

/**
 * Features of videos on disk, a file each, so that encoders that do not learn see each video once. Thread safe; several
 * processes may share a folder.
 */
class FeatureCache {
 public:
  /**
   * `fingerprint`: of all that features depend on beside the video. Makes the folder; throws Error(kResource) naming it
   * where it cannot.
   */
  FeatureCache(std::filesystem::path folder, std::string fingerprint);

  /**
   * A video's features. None where they are not there, were made by other encoders, of another content of that file
   * (its size or time of change is another), or are damaged: then they are to be made anew.
   */
  std::optional<VideoFeatures> find(const std::filesystem::path& video) const;

  /** Keeps features, in a file that is there whole or not at all. Throws Error(kResource) naming it. */
  void add(const std::filesystem::path& video, const VideoFeatures& features) const;

 private:
  std::filesystem::path file_of(const std::filesystem::path& video) const;

  std::filesystem::path folder_;
  std::string fingerprint_;
};

/**
 * A fingerprint of a model folder's encoders: of their weights, of config.json, which says what they see of a video,
 * and of `precision`, what else their arithmetic depends on. None where the folder has no weights. Throws Error naming
 * the file.
 */
std::optional<std::string> encoder_fingerprint(const std::filesystem::path& folder, const ModelConfig& model,
                                               const std::string& precision);

}  // namespace gvl::training
