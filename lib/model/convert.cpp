#include "gvl/convert.hpp"

#include <fstream>

#include "gvl/error.hpp"
#include "io/safetensors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/libtorch_errors.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "model/official_release.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

/** Where the new model grows, inside the folder it will fill; removed again unless it is complete. */
class Staging {
 public:
  explicit Staging(const fs::path& out) : out_(out), folder_(out / ".incoming") {
    std::error_code error;
    fs::remove_all(folder_, error);
    fs::create_directories(folder_, error);
    if (error) throw Error(ErrorCode::kResource, folder_.string() + ": cannot be created: " + error.message());
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    fs::remove(out_, ignored);  // only when it is empty: nothing was there before and nothing came
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const fs::path& folder() const noexcept { return folder_; }

  void publish() const {
    for (const char* name : {model::kWeightsFile, model::kTokenizerFile, model::kConfigFile}) {
      std::error_code error;
      fs::rename(folder_ / name, out_ / name, error);
      if (error) throw Error(ErrorCode::kResource, (out_ / name).string() + ": cannot be written: " + error.message());
    }
  }

 private:
  fs::path out_;
  fs::path folder_;
};

void write_weights(const model::OfficialRelease& release, const fs::path& file, const ConvertOptions& options) {
  std::vector<io::TensorInfo> infos;
  for (const model::PlannedTensor& planned : release.tensors) {
    infos.push_back({planned.name, options.dtype.value_or(planned.type), planned.shape});
  }
  io::SafetensorsWriter writer(file, infos, {{"format", "pt"}});
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const at::Tensor tensor = release.tensors[i].make().to(layers::to_scalar_type(infos[i].type));
    writer.write(infos[i].name, layers::from_aten(tensor));
    if (options.progress) options.progress(i + 1, infos.size());
  }
  writer.finish();
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw Error(ErrorCode::kResource, file.string() + ": cannot be written");
}

DataType language_type(const model::OfficialRelease& release) {
  for (const model::PlannedTensor& planned : release.tensors) {
    if (planned.name == "language_model.lm_head.weight") return planned.type;
  }
  return DataType::kFloat32;
}

/** What would be found out when the model is used is found out now. */
void check_loads(const fs::path& folder) {
  const ModelConfig config = ModelConfig::load(folder / model::kConfigFile);
  const model::FolderParameters parameters(folder);
  const model::Network network(layers::Parameters(parameters, at::kCPU, at::kFloat), config);
  model::load_tokenizer(folder / model::kTokenizerFile, config);
}

}  // namespace

void convert(const fs::path& official, const fs::path& out, const ConvertOptions& options) {
  model::rethrow_libtorch_errors("converting " + official.string(), [&] {
    model::OfficialRelease release = model::open_official_release(
        official, model::Lora::kMerge, options.base ? model::Weights::kBase : model::Weights::kTuned);
    release.config.dtype = options.dtype.value_or(language_type(release));
    const Staging staging(out);
    write_weights(release, staging.folder() / model::kWeightsFile, options);
    write_text(staging.folder() / model::kConfigFile, release.config.to_json());
    std::error_code error;
    fs::copy_file(release.tokenizer, staging.folder() / model::kTokenizerFile, error);
    if (error) throw Error(ErrorCode::kResource, release.tokenizer.string() + ": cannot be copied: " + error.message());
    check_loads(staging.folder());
    staging.publish();
  });
}

}  // namespace gvl
