/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/fingerprint.hpp"

#include <glib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "archive/file.hpp"
#include "gvl/error.hpp"
#include "gvl/model_folders.hpp"

namespace gvl::archive {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargeFile = std::uint64_t{64} << 20;
constexpr std::uint64_t kSamples = 4096;
constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kSample = 4096;

class Hash {
 public:
  void add(std::string_view bytes) {
    g_checksum_update(checksum_.get(), reinterpret_cast<const guchar*>(bytes.data()),
                      static_cast<gssize>(bytes.size()));
  }
  std::string text() { return g_checksum_get_string(checksum_.get()); }

 private:
  std::unique_ptr<GChecksum, decltype(&g_checksum_free)> checksum_{g_checksum_new(G_CHECKSUM_SHA256), g_checksum_free};
};

std::string config_of_tokens(ModelConfig config) {
  config.min_confidence = 0;
  config.max_moments = 1;
  config.interval_choice = IntervalChoice::kMostProbable;
  config.prompts = {};
  return config.to_json();
}

std::vector<fs::path> weight_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    if (each->path().extension() == ".safetensors") files.push_back(each->path());
  if (error) throw Error(ErrorCode::kNotFound, folder.string() + ": cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

void add_file(const fs::path& path, Hash& hash) {
  const File file(path, File::Mode::kRead);
  const std::uint64_t size = file.size();
  hash.add(path.filename().string() + "\n" + std::to_string(size) + "\n");
  const bool large = size >= kLargeFile;
  const std::size_t piece = large ? kSample : kBlock;
  const std::uint64_t step = large ? size / kSamples : kBlock;
  for (std::uint64_t at = 0; at < size; at += step) hash.add(file.read(at, piece));
}

}  // namespace

std::string fingerprint_of(const Model& model) {
  Hash hash;
  hash.add(config_of_tokens(model.config()));
  for (const ModelConfig& member : model.config().members) hash.add(config_of_tokens(member));
  if (const std::string own = model.folder(); !own.empty())
    for (const fs::path& folder : folders_of_model(own))
      for (const fs::path& file : weight_files(folder)) add_file(file, hash);
  return hash.text();
}

}  // namespace gvl::archive
