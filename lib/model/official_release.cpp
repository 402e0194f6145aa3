/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/official_release.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/upsample_linear1d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "gvl/error.hpp"
#include "io/language_model.hpp"
#include "io/torch_archive.hpp"
#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/official_config.hpp"
#include "model/release_files.hpp"

namespace gvl::model {
namespace {

using io::TorchArchive;
namespace fs = std::filesystem;

/** The files of a release, opened; the planned tensors' closures share it. */
struct Files {
  fs::path folder;
  const io::LanguageModel* model;
  fs::path base;  ///< the folder that names the language model
  TorchArchive clip;
  TorchArchive newline;
  TorchArchive internvideo;
  std::optional<TorchArchive> checkpoint;  ///< none: the base weights
  std::optional<TorchArchive> projector;   ///< the spatial one, of the base weights
  io::Weights language;
  OfficialSizes sizes;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

fs::path first_existing(const fs::path& folder, const std::vector<std::string>& names, const std::string& what) {
  for (const std::string& name : names) {
    if (is_there(folder / name)) return folder / name;
  }
  throw Error(ErrorCode::kNotFound, folder.string() + ": has no " + what + " (looked for " + names.front() + ")");
}

fs::path find_checkpoint(const fs::path& folder, const io::LanguageModel& model) {
  const fs::path checkpoints = folder / kCheckpointFolder;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(checkpoints, ignored)) {
    names.push_back(entry.path().filename().string());
  }
  const std::string name = checkpoint_of(model, names);
  if (!name.empty()) return checkpoints / name;
  throw Error(ErrorCode::kNotFound, checkpoints.string() + ": exactly one file sft_*.pth is needed, or one sft_*_" +
                                        std::string(model.official.variant) + "_*.pth");
}

/** `table` with more rows, each the mean of those that were there. */
at::Tensor with_mean_rows(const at::Tensor& table, std::int64_t rows) {
  const at::Tensor mean = table.to(at::kFloat).mean(0, /*keepdim=*/true).to(table.scalar_type());
  return at::cat({table, mean.expand({rows - table.size(0), table.size(1)})});
}

class Planner {
 public:
  Planner(std::shared_ptr<const Files> files, Lora lora) : files_(std::move(files)), lora_(lora) {}

  std::vector<PlannedTensor> plan(const LanguageModelConfig& language) {
    plan_clip();
    plan_internvideo();
    if (files_->checkpoint) {
      plan_tuned_projectors();
    } else {
      plan_base_projectors(language.hidden_size);
    }
    plan_newline();
    plan_language(language);
    return std::move(planned_);
  }

 private:
  void add(std::string name, DataType type, std::vector<std::int64_t> shape, std::function<at::Tensor()> make,
           const fs::path& origin) {
    planned_.push_back({std::move(name), type, std::move(shape), std::move(make), origin});
  }

  void copy(std::string name, const TorchArchive& archive, const std::string& source) {
    const io::TensorInfo& info = archive.info(source);
    add(
        std::move(name), info.type, info.shape,
        [files = files_, &archive, source] { return layers::to_aten(archive.get(source)); }, archive.path());
  }

  /** A vector that the release stores with leading dimensions of 1. */
  void copy_flat(std::string name, const TorchArchive& archive, const std::string& source) {
    const io::TensorInfo& info = archive.info(source);
    std::int64_t width = 1;
    for (const std::int64_t dimension : info.shape) width *= dimension;
    add(
        std::move(name), info.type, {width},
        [files = files_, &archive, source] { return layers::to_aten(archive.get(source)).flatten(); }, archive.path());
  }

  void plan_clip() {
    const std::string last = "vision_model.encoder.layers." + std::to_string(files_->sizes.config.spatial.layers) + ".";
    for (const std::string& name : files_->clip.names()) {
      if (!name.starts_with("vision_model.")) continue;
      if (name.starts_with(last) || name.starts_with("vision_model.post_layernorm.")) continue;
      if (name.ends_with(".position_ids")) continue;
      copy("spatial_encoder." + name.substr(std::string("vision_model.").size()), files_->clip, name);
    }
  }

  void plan_internvideo() {
    const std::string last = "blocks." + std::to_string(files_->sizes.config.temporal.layers) + ".";
    for (const std::string& name : files_->internvideo.names()) {
      const bool used = name == "cls_token" || name.starts_with("patch_embed.") || name.starts_with("blocks.");
      if (used && !name.starts_with(last)) copy("temporal_encoder." + name, files_->internvideo, name);
    }
    plan_position_embedding();
  }

  /** The release's positions of few frames, interpolated linearly over time; the class token's as it is. */
  void plan_position_embedding() {
    const auto& [name, type, shape] = files_->internvideo.info("pos_embed");
    const std::int64_t stored = files_->sizes.pretrained_num_frames;
    const std::int64_t wanted = files_->sizes.config.frames_per_segment();
    if (shape.size() != 3 || shape[0] != 1 || (shape[1] - 1) % stored != 0) {
      throw Error(ErrorCode::kMalformed, (files_->folder / kInternVideoFile).string() + ": pos_embed has shape " +
                                             to_string(shape) + ", not one position for each patch of " +
                                             std::to_string(stored) + " frames");
    }
    const std::int64_t patches = (shape[1] - 1) / stored;
    const auto make = [files = files_, stored, wanted, patches] {
      const at::Tensor whole = layers::to_aten(files->internvideo.get("pos_embed")).to(at::kFloat);
      const at::Tensor over_time = whole.slice(1, 1).reshape({stored, patches, whole.size(2)}).permute({1, 2, 0});
      const at::Tensor frames = at::upsample_linear1d(over_time, {wanted}, /*align_corners=*/false);
      return at::cat({whole.slice(1, 0, 1), frames.permute({2, 0, 1}).reshape({1, wanted * patches, whole.size(2)})},
                     1);
    };
    add("temporal_encoder." + name, type, {1, wanted * patches + 1, shape[2]}, make, files_->internvideo.path());
  }

  const io::LanguageModel& model() const { return *files_->model; }

  /** A projector's two layers, which the archive calls `first` and `second`. */
  void plan_projector(const std::string& name, const TorchArchive& archive, const std::string& first,
                      const std::string& second) {
    for (const char* parameter : {".weight", ".bias"}) {
      copy(name + ".linear_1" + parameter, archive, first + parameter);
      copy(name + ".linear_2" + parameter, archive, second + parameter);
    }
  }

  void plan_spatial_projector(const TorchArchive& archive, const std::string& prefix) {
    const auto& [first, second] = model().official.spatial_projections;
    plan_projector("spatial_projector", archive, prefix + std::string(first), prefix + std::string(second));
  }

  void plan_tuned_projectors() {
    plan_spatial_projector(*files_->checkpoint, "model/multi_modal_projector/");
    plan_projector("temporal_projector", *files_->checkpoint, "model/video_projecter/up_proj",
                   "model/video_projecter/down_proj");
  }

  /** The base weights know no temporal stream: its projector begins as LibTorch's linear layers do. */
  void plan_base_projectors(std::int64_t width) {
    plan_spatial_projector(*files_->projector, "");
    add_drawn("temporal_projector.linear_1", width, files_->sizes.config.temporal.hidden_size, 1);
    add_drawn("temporal_projector.linear_2", width, width, 2);
  }

  void add_drawn(const std::string& name, std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
    const auto draw = [seed, columns](const std::vector<std::int64_t>& shape) {
      at::Generator generator = at::detail::createCPUGenerator(seed);
      const double bound = 1 / std::sqrt(static_cast<double>(columns));
      return at::empty(shape, at::kFloat).uniform_(-bound, bound, generator);
    };
    const std::vector<std::int64_t> weight{rows, columns}, bias{rows};
    add(
        name + ".weight", DataType::kFloat32, weight, [draw, weight] { return draw(weight); }, files_->folder);
    add(
        name + ".bias", DataType::kFloat32, bias, [draw, bias] { return draw(bias); }, files_->folder);
  }

  void plan_newline() {
    for (const std::string_view name : model().official.newlines) {
      copy_flat(std::string(name), files_->newline, std::string(name));
    }
  }

  static std::string tuned_name(const std::string& name) { return "model/language_model/base_model.model." + name; }

  bool is_tuned(const std::string& name) const {
    return files_->checkpoint && files_->checkpoint->contains(tuned_name(name));
  }

  const io::TensorInfo& language_info(const std::string& name) const {
    return is_tuned(name) ? files_->checkpoint->info(tuned_name(name)) : files_->language.info(name);
  }

  const fs::path& language_path(const std::string& name) const {
    return is_tuned(name) ? files_->checkpoint->path() : files_->language.path_of(name);
  }

  static bool has_lora(const Files& files, const std::string& name) {
    return files.checkpoint && name.ends_with(".weight") && files.checkpoint->contains(lora_name(name, 'A'));
  }

  /** Of "NAME.weight" the tensor lora_A or lora_B. */
  static std::string lora_name(const std::string& name, char letter) {
    const std::string stem = tuned_name(name.substr(0, name.size() - std::string("weight").size()));
    return stem + "lora_" + letter + ".default.weight";
  }

  /** The fine-tuned weight, or the base's where there is none; merged with its LoRA: W + alpha / r * B A. */
  static at::Tensor language_tensor(const Files& files, const std::string& name, Lora lora) {
    if (!files.checkpoint) return layers::to_aten(files.language.get(name));
    const TorchArchive& tuned = *files.checkpoint;
    const at::Tensor weight = tuned.contains(tuned_name(name)) ? layers::to_aten(tuned.get(tuned_name(name)))
                                                               : layers::to_aten(files.language.get(name));
    if (lora == Lora::kApart || !has_lora(files, name)) return weight;
    const at::Tensor a = layers::to_aten(tuned.get(lora_name(name, 'A'))).to(at::kFloat);
    const at::Tensor b = layers::to_aten(tuned.get(lora_name(name, 'B'))).to(at::kFloat);
    if (a.dim() != 2 || b.dim() != 2 || a.size(0) != files.sizes.lora_rank || b.size(1) != files.sizes.lora_rank ||
        b.size(0) != weight.size(0) || a.size(1) != weight.size(1)) {
      throw Error(ErrorCode::kMalformed, tuned.path().string() + ": " + lora_name(name, 'A') +
                                             ", lora_B: shapes do not fit the weight and rank " +
                                             std::to_string(files.sizes.lora_rank));
    }
    return weight.to(at::kFloat).add(at::matmul(b, a), files.sizes.lora_scale).to(weight.scalar_type());
  }

  void language_copy(const std::string& name) {
    const io::TensorInfo& info = language_info(name);
    add(
        "language_model." + name, info.type, info.shape,
        [files = files_, name, lora = lora_] { return language_tensor(*files, name, lora); }, language_path(name));
    plan_adapters(name, {name});
  }

  void plan_adapters(const std::string& name, const std::vector<std::string>& parts) {
    if (lora_ == Lora::kMerge) return;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!has_lora(*files_, parts[i])) continue;
      const std::string number = std::to_string(i), stem = "language_model." + name;
      copy(stem + ".lora_a." + number, *files_->checkpoint, lora_name(parts[i], 'A'));
      copy(stem + ".lora_b." + number, *files_->checkpoint, lora_name(parts[i], 'B'));
    }
  }

  /** Rows of several matrices in one, so that the decoder has one product where the checkpoint has several. */
  void language_stack(const std::string& name, const std::vector<std::string>& parts) {
    std::vector<std::int64_t> shape = language_info(parts.front()).shape;
    for (std::size_t i = 1; i < parts.size(); ++i) shape.front() += language_info(parts[i]).shape.at(0);
    const auto make = [files = files_, parts, lora = lora_] {
      std::vector<at::Tensor> tensors;
      for (const std::string& part : parts) tensors.push_back(language_tensor(*files, part, lora));
      return at::cat(tensors);
    };
    add("language_model." + name, language_info(parts.front()).type, shape, make, language_path(parts.front()));
    plan_adapters(name, parts);
  }

  void plan_language(const LanguageModelConfig& language) {
    for (std::int64_t i = 0; i < language.layers; ++i) plan_layer("model.layers." + std::to_string(i) + ".");
    language_table("model.embed_tokens.weight", language.vocab_size);
    language_copy("model.norm.weight");
    language_table("lm_head.weight", language.vocab_size);
    if (files_->checkpoint && files_->checkpoint->contains(tuned_name("lm_head.bias"))) {
      language_copy("lm_head.bias");
    } else {
      add(
          "language_model.lm_head.bias", DataType::kFloat32, {language.vocab_size},
          [n = language.vocab_size] { return at::zeros({n}); }, files_->folder);
    }
  }

  /** A matrix with a row for each token; the base weights lack those of the tokens to come. */
  void language_table(const std::string& name, std::int64_t rows) {
    const io::TensorInfo& info = language_info(name);
    if (files_->checkpoint || info.shape.size() != 2) return language_copy(name);
    add(
        "language_model." + name, info.type, {rows, info.shape[1]},
        [files = files_, name, rows] { return with_mean_rows(layers::to_aten(files->language.get(name)), rows); },
        language_path(name));
  }

  void plan_layer(const std::string& layer) {
    for (const char* fused : {"self_attn.qkv_proj", "mlp.gate_up_proj"}) {
      std::vector<std::string> parts;
      for (const io::MatrixPart& part : model().parts_of(fused)) {
        parts.push_back(layer + std::string(part.name) + ".weight");
      }
      const std::string name = layer + fused + ".weight";
      if (parts.empty()) {
        language_copy(name);
      } else {
        language_stack(name, parts);
      }
    }
    language_copy(layer + "self_attn.o_proj.weight");
    language_copy(layer + "mlp.down_proj.weight");
    language_copy(layer + "input_layernorm.weight");
    language_copy(layer + "post_attention_layernorm.weight");
  }

  std::shared_ptr<const Files> files_;
  Lora lora_;
  std::vector<PlannedTensor> planned_;
};

/** The language model whose folder is there; of several the one that is asked for. */
const io::LanguageModel& model_of(const fs::path& folder, std::string_view variant) {
  if (!variant.empty()) {
    const io::LanguageModel& model = model_of_variant(variant);
    if (is_there(folder / model.official.folder)) return model;
    throw Error(ErrorCode::kNotFound, folder.string() + ": has no " + std::string(model.official.folder) +
                                          ", of the variant " + std::string(variant));
  }
  std::vector<const io::LanguageModel*> found;
  std::string looked_for, variants;
  for (const io::LanguageModel* model : io::language_models()) {
    looked_for += (looked_for.empty() ? "" : ", ") + std::string(model->official.folder);
    if (!is_there(folder / model->official.folder)) continue;
    found.push_back(model);
    variants += (variants.empty() ? "" : " and ") + std::string(model->official.variant);
  }
  if (found.size() > 1) {
    throw Error(ErrorCode::kInvalidArgument, folder.string() + ": holds the variants " + variants + "; say which");
  }
  if (found.size() == 1) return *found.front();
  throw Error(ErrorCode::kNotFound,
              folder.string() + ": has no language model of the official release (looked for " + looked_for + ")");
}

std::shared_ptr<const Files> open_files(const fs::path& folder, Weights weights, std::string_view variant) {
  if (std::error_code error; !fs::is_directory(folder, error))
    throw Error(ErrorCode::kNotFound, folder.string() + ": no such folder");
  const io::LanguageModel& model = model_of(folder, variant);
  const fs::path base = folder / model.official.folder;
  const bool tuned = weights == Weights::kTuned;
  const auto open = [](const fs::path& file) { return std::optional<TorchArchive>(TorchArchive::open(file)); };
  return std::make_shared<const Files>(Files{
      .folder = folder,
      .model = &model,
      .base = base,
      .clip = TorchArchive::open(base / kVisionModelFile),
      .newline = TorchArchive::open(base / model.official.newline_file),
      .internvideo = TorchArchive::open(folder / kInternVideoFile),
      .checkpoint = tuned ? open(find_checkpoint(folder, model)) : std::nullopt,
      .projector = tuned ? std::nullopt : open(base / kProjectorFile),
      .language = io::Weights::open(base / kLanguageFolder),
      .sizes = read_official_sizes(folder, model),
  });
}

/** Rows of the embedding: the release's, or the base's and one for every temporal token and the grounding token. */
std::int64_t vocabulary_of(const Files& files) {
  const std::string tuned = "model/language_model/base_model.model.model.embed_tokens.weight";
  const std::string base = "model.embed_tokens.weight";
  const std::vector<std::int64_t> shape =
      files.checkpoint ? files.checkpoint->info(tuned).shape : files.language.info(base).shape;
  if (shape.size() != 2) {
    const std::string where = files.checkpoint ? files.checkpoint->path().string() : files.base.string();
    throw Error(ErrorCode::kMalformed, where + ": the embedding is not a matrix");
  }
  return files.checkpoint ? shape[0] : shape[0] + files.sizes.config.temporal_tokens + 2;
}

}  // namespace

OfficialRelease open_official_release(const fs::path& folder, Lora lora, Weights weights, std::string_view variant) {
  const std::shared_ptr<const Files> files = open_files(folder, weights, variant);
  OfficialRelease release;
  release.config = files->sizes.config;
  release.config.language =
      read_language_config(files->base / kLanguageFolder / "config.json", *files->model, vocabulary_of(*files));
  release.tokenizer =
      first_existing(folder, {std::string(files->model->official.tokenizer), std::string(kTokenizerPath)}, "tokenizer");
  release.tensors = Planner(files, lora).plan(release.config.language);
  release.lora_rank = files->sizes.lora_rank;
  release.lora_scale = files->sizes.lora_scale;
  return release;
}

}  // namespace gvl::model
