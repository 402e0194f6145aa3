/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/checkpoint.hpp"

#include <ATen/core/grad_mode.h>

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "io/safetensors.hpp"
#include "layers/tensor_bridge.hpp"

namespace gvl::training {
namespace {

struct Stored {
  std::string name;
  at::Tensor tensor;
};

std::vector<Stored> stored_tensors(Optimiser& optimiser) {
  std::vector<Stored> stored;
  for (std::size_t i = 0; i < optimiser.parameters().size(); ++i) {
    const auto& parameter = optimiser.parameters()[i];
    stored.push_back({parameter.name, parameter.tensor.detach()});
    stored.push_back({parameter.name + "/first", optimiser.moments()[i].first});
    const at::Tensor& second = optimiser.moments()[i].second;
    if (second.defined()) stored.push_back({parameter.name + "/second", second});
  }
  return stored;
}

template <typename Number>
Number read_number(const io::SafetensorsFile& file, const char* name) {
  const auto found = file.metadata().find(name);
  Number value{};
  if (found != file.metadata().end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
  }
  throw Error(ErrorCode::kMalformed, file.path().string() + ": no training checkpoint: lacks " + name);
}

}  // namespace

void save_checkpoint(const std::filesystem::path& file, Optimiser& optimiser, const RunState& state) {
  const std::vector<Stored> stored = stored_tensors(optimiser);
  std::vector<io::TensorInfo> infos;
  for (const Stored& each : stored) infos.push_back({each.name, DataType::kFloat32, each.tensor.sizes().vec()});
  io::SafetensorsWriter writer(file, infos,
                               {{"step", std::to_string(state.step)},
                                {"texts", std::to_string(state.texts)},
                                {"seconds", std::to_string(state.seconds)}});
  for (const Stored& each : stored) writer.write(each.name, layers::from_aten(each.tensor));
  writer.finish();
}

std::optional<RunState> load_checkpoint(const std::filesystem::path& file, Optimiser& optimiser) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  const auto opened = io::SafetensorsFile::open(file);
  const at::NoGradGuard no_gradient;
  for (Stored& each : stored_tensors(optimiser)) {
    const auto fits = [&] {
      const io::TensorInfo& info = opened.info(each.name);
      return info.type == DataType::kFloat32 && info.shape == each.tensor.sizes().vec();
    };
    if (!opened.contains(each.name) || !fits()) {
      throw Error(ErrorCode::kMalformed, file.string() + ": is of another run: " + each.name +
                                             " is missing or of another shape; move it away to begin anew");
    }
    each.tensor.copy_(layers::to_aten(opened.get(each.name)));
  }
  return RunState{read_number<std::int64_t>(opened, "step"), read_number<std::int64_t>(opened, "texts"),
                  read_number<double>(opened, "seconds")};
}

}  // namespace gvl::training
