/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model_folder_writer.hpp"

#include <iterator>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "model/verify.hpp"

namespace gvl::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrevious = "previous";
// config.json is last; without it no folder loads.
constexpr const char* kFiles[] = {kWeightsFile, kTokenizerFile, kWordsFile, kConfigFile};

Error cannot(const fs::path& file, const char* what, const std::error_code& error) {
  return {ErrorCode::kResource, file.string() + ": cannot be " + what + ": " + error.message()};
}

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(file, ignored));
}

/** Files that were moved; unless they are kept, they move back, the last one first. */
class Moves {
 public:
  Moves() = default;
  ~Moves() {
    std::error_code ignored;
    for (auto move = moves_.rbegin(); move != moves_.rend(); ++move) fs::rename(move->second, move->first, ignored);
  }
  Moves(const Moves&) = delete;
  Moves& operator=(const Moves&) = delete;

  /** Where there is no `from`, nothing is moved. */
  void move(const fs::path& from, const fs::path& to) {
    if (!is_there(from)) return;
    moves_.emplace_back(from, to);
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return;
    moves_.pop_back();
    throw cannot(to, "written", error);
  }

  void keep() noexcept { moves_.clear(); }

 private:
  std::vector<std::pair<fs::path, fs::path>> moves_;
};

}  // namespace

ModelFolderWriter::ModelFolderWriter(fs::path folder) : folder_(std::move(folder)), staging_(folder_ / ".incoming") {
  std::error_code error;
  fs::remove_all(staging_, error);
  fs::create_directories(staging_ / kPrevious, error);
  if (error) throw cannot(staging_, "created", error);
}

ModelFolderWriter::~ModelFolderWriter() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  fs::remove(folder_, ignored);  // only when it is empty: nothing was there before and nothing came
}

void ModelFolderWriter::write_config(const ModelConfig& config) const {
  io::write_atomically(staging_ / kConfigFile, config.to_json());
}

void ModelFolderWriter::write_weights(const std::vector<StoredTensor>& tensors,
                                      const std::function<at::Tensor(std::size_t)>& make) const {
  std::vector<io::TensorInfo> infos;
  for (const StoredTensor& tensor : tensors) {
    for (io::TensorInfo& info : infos_of(tensor)) infos.push_back(std::move(info));
  }
  io::SafetensorsWriter writer(staging_ / kWeightsFile, infos, {{"format", "pt"}});
  auto next = infos.begin();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (const at::Tensor& value : values_of(tensors[i], make(i))) {
      writer.write((next++)->name, layers::from_aten(value));
    }
  }
  writer.finish();
}

void ModelFolderWriter::write(const char* name, const std::string& text) const {
  io::write_atomically(staging_ / name, text);
}

void ModelFolderWriter::copy(const fs::path& file, const char* name) const {
  std::error_code error;
  fs::copy_file(file, staging_ / name, fs::copy_options::overwrite_existing, error);
  if (error) throw cannot(file, "copied", error);
}

void ModelFolderWriter::publish() const {
  require_loadable(staging_);
  const fs::path previous = staging_ / kPrevious;
  Moves moves;
  for (auto name = std::rbegin(kFiles); name != std::rend(kFiles); ++name) {
    moves.move(folder_ / *name, previous / *name);
  }
  for (const char* name : kFiles) moves.move(staging_ / name, folder_ / name);
  moves.keep();
}

}  // namespace gvl::model
