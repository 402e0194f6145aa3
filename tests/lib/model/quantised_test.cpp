/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Models whose matrices are small integers: converting, loading, what is refused, and what they say.
#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "io/data_types.hpp"
#include "io/safetensors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "model/quantised_weights.hpp"
#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;
using model::FolderParameters;

constexpr const char* kMatrix = "language_model.model.layers.0.self_attn.o_proj.weight";
constexpr const char* kScales = "language_model.model.layers.0.self_attn.o_proj.weight_scale";

template <class F>
void for_each_type(F f) {
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    if (traits.block > 0) f(traits.type);
  }
}

fs::path converted_to(const std::string& name, WeightType type) {
  static const TemporaryFolder root;
  const fs::path folder = root / (name + name_of(type));
  if (!fs::exists(folder)) convert(fixture(name), folder, {.dtype = type});
  return folder;
}

/** Writes a model folder's weights anew with one tensor replaced, or left out where the replacement has no data. */
void replace(const fs::path& folder, const std::string& name, const Tensor& replacement) {
  const fs::path path = folder / model::kWeightsFile;
  const auto file = io::SafetensorsFile::open(path);
  std::vector<io::TensorInfo> infos;
  for (const io::TensorInfo& info : file.tensors()) {
    if (info.name != name) infos.push_back(info);
  }
  if (replacement.has_data()) infos.push_back({name, replacement.type, replacement.shape});
  io::SafetensorsWriter writer(path, infos);
  for (const io::TensorInfo& info : infos)
    writer.write(info.name, info.name == name ? replacement : file.get(info.name));
  writer.finish();
}

Tensor stored(const fs::path& folder, const std::string& name) {
  return io::SafetensorsFile::open(folder / model::kWeightsFile).get(name);
}

/** A copy of the scales with one of them changed. */
Tensor with_scale(const fs::path& folder, float value) {
  const at::Tensor scales = layers::to_aten(stored(folder, kScales)).clone();
  scales[1][0].fill_(value);
  return layers::from_aten(scales);
}

void expect_refused(const std::string& label, const fs::path& folder, std::vector<std::string> parts,
                    const std::string& file = model::kWeightsFile) {
  parts.push_back((folder / file).string());
  expect_error(label, ErrorCode::kMalformed, parts, [&] { Model::load(folder); });
  expect_error(label, ErrorCode::kMalformed, parts, [&] { verify(folder); });
}

}  // namespace

GVL_TEST(every_matrix_is_quantised_and_nothing_else) {
  for_each_type([](WeightType type) {
    for (const char* name : {"phi_c", "llama_c"}) {
      const fs::path folder = converted_to(name, type);
      const ModelConfig config = ModelConfig::load(folder / model::kConfigFile);
      ck_assert(config.dtype == type);
      const std::set<std::string> matrices = model::matrix_names(config);
      ck_assert(matrices.count(kMatrix) && matrices.count("spatial_encoder.embeddings.patch_embedding.weight") &&
                matrices.count("language_model.model.embed_tokens.weight"));
      const io::Weights weights = io::Weights::open(folder), before = io::Weights::open(converted(name));
      for (const std::string& tensor : before.names()) {
        const bool is_matrix = matrices.count(tensor) > 0;
        ck_assert_msg(weights.contains(model::scales_of(tensor)) == is_matrix, "%s", tensor.c_str());
        const WeightType expected = model::matrix_type(type, tensor);
        const DataType stored = is_matrix ? io::traits_of(expected).stored : before.info(tensor).type;
        ck_assert_msg(weights.info(tensor).type == stored, "%s", tensor.c_str());
      }
      ck_assert_uint_eq(weights.names().size(), before.names().size() + matrices.size());
      ck_assert(verify(folder).dtype == type);
    }
  });
}

GVL_TEST(int4_is_of_the_language_models_blocks) {
  ck_assert(model::matrix_type(WeightType::kInt4, kMatrix) == WeightType::kInt4);
  for (const char* name : {"language_model.lm_head.weight", "language_model.model.embed_tokens.weight",
                           "temporal_encoder.blocks.0.attn.qkv.weight", "spatial_projector.linear_1.weight"}) {
    ck_assert(model::matrix_type(WeightType::kInt4, name) == WeightType::kInt8);
  }
  ck_assert(model::matrix_type(WeightType::kBFloat16, kMatrix) == WeightType::kBFloat16);
}

GVL_TEST(a_matrix_is_what_its_numbers_round_to) {
  for_each_type([](WeightType type) {
    const FolderParameters quantised(converted_to("phi_c", type), type), numbers(converted("phi_c"));
    const io::Weights weights = io::Weights::open(converted("phi_c"));
    for (const std::string& name : model::matrix_names(ModelConfig::load(converted("phi_c") / model::kConfigFile))) {
      const auto shape = weights.info(name).shape;
      const at::Tensor expected = numbers.load(name, shape).to(at::kFloat).flatten(1);
      const double error =
          ops::dequantise(quantised.matrix(name, shape)).sub(expected).norm().div(expected.norm()).item<double>();
      const double bound = model::matrix_type(type, name) == WeightType::kInt8 ? 0.01 : 0.11;
      ck_assert_msg(error < bound, "%s: %g", name.c_str(), error);
    }
  });
}

GVL_TEST(a_model_folder_becomes_one_of_another_type) {
  const TemporaryFolder folder;
  fs::copy(converted("phi_c"), folder / "model", fs::copy_options::recursive);
  write_file(folder / "model" / model::kWordsFile, "picture\n");
  for (const char* name : {"NOTICE", "LICENSE.nanodet", "notes.txt"}) write_file(folder / "model" / name, name);
  for_each_type([&](WeightType type) {
    const fs::path out = folder / name_of(type);
    std::size_t done = 0;
    convert(folder / "model", out, {.dtype = type, .progress = [&](std::size_t i, std::size_t) { done = i; }});
    ck_assert(done == io::Weights::open(folder / "model").names().size());
    // The same as straight from the release.
    const io::Weights made = io::Weights::open(out), expected = io::Weights::open(converted_to("phi_c", type));
    ck_assert(made.names() == expected.names());
    for (const std::string& name : expected.names()) {
      ck_assert_msg(bytes_of(made.get(name)) == bytes_of(expected.get(name)), "%s", name.c_str());
    }
    expect_text(read_file(out / model::kWordsFile), "picture\n");
    for (const char* name : {"NOTICE", "LICENSE.nanodet"}) expect_text(read_file(out / name), name);
    ck_assert(!fs::exists(out / "notes.txt"));
    // And back, in place.
    const FolderParameters before(out);
    convert(out, out, {.dtype = WeightType::kFloat32});
    ck_assert(ModelConfig::load(out / model::kConfigFile).dtype == WeightType::kFloat32);
    const Tensor after = stored(out, kMatrix);
    ck_assert(layers::to_aten(after).equal(ops::dequantise(before.matrix(kMatrix, after.shape))));
    ck_assert(!io::Weights::open(out).contains(kScales) && verify(out).dtype == WeightType::kFloat32);
  });
}

GVL_TEST(of_a_model_folder_only_another_type_can_be_made) {
  const TemporaryFolder folder;
  const fs::path out = folder / "out";
  expect_error("no type", ErrorCode::kInvalidArgument, {converted("phi_c").string(), "--dtype"},
               [&] { convert(converted("phi_c"), out); });
  expect_error("base", ErrorCode::kInvalidArgument, {"--dtype"},
               [&] { convert(converted("phi_c"), out, {.dtype = WeightType::kInt8, .base = true}); });
  ck_assert(!fs::exists(out));
}

GVL_TEST(bad_scales_are_named) {
  const TemporaryFolder root;
  int number = 0;
  const auto refuse = [&](const std::string& label, const std::string& name, const auto& made,
                          const std::vector<std::string>& parts) {
    for_each_type([&](WeightType type) {
      const fs::path folder = root / std::to_string(number++);
      fs::copy(converted_to("phi_c", type), folder, fs::copy_options::recursive);
      replace(folder, name, made(folder));
      expect_refused(label, folder, parts);
    });
  };
  const auto of = [](DataType type, std::vector<std::int64_t> shape) {
    return [=](const fs::path&) { return layers::from_aten(at::zeros(shape, layers::to_scalar_type(type)).add(1)); };
  };
  refuse("missing", kScales, [](const fs::path&) { return Tensor(); }, {"has no tensor", kScales});
  refuse("shape", kScales, of(DataType::kBFloat16, {1, 1}), {kScales, "expected shape", "[1, 1]"});
  refuse("type", kScales, of(DataType::kFloat32, stored(converted_to("phi_c", WeightType::kInt8), kScales).shape),
         {kScales, "bfloat16", "float32"});
  const std::pair<float, const char*> values[] = {{NAN, "nan"},  {INFINITY, "inf"}, {0.0f, "is 0"},
                                                  {-0.0f, "-0"}, {-1.0f, "is -1"},  {3e38f, "is 3"}};
  for (const auto& [value, text] : values) {
    refuse(text, kScales, [value = value](const fs::path& folder) { return with_scale(folder, value); },
           {kScales, "row 1, block 0", text});
  }
  refuse("numbers", kMatrix, of(DataType::kFloat32, {24, 24}), {kMatrix, "is float32", "gvl-convert --dtype int"});
  refuse("integers of another width", kMatrix, of(DataType::kInt16, {24, 24}), {kMatrix, "is int16"});
}

GVL_TEST(integers_are_refused_where_numbers_are_needed) {
  const TemporaryFolder folder;
  const std::string norm = "language_model.model.norm.weight";
  fs::copy(converted_to("phi_c", WeightType::kInt8), folder / "model", fs::copy_options::recursive);
  replace(folder / "model", norm, layers::from_aten(at::zeros({24}, at::kChar)));
  expect_error("norm", ErrorCode::kUnsupported, {(folder / "model" / model::kWeightsFile).string(), norm, "int8"},
               [&] { Model::load(folder / "model"); });
}

GVL_TEST(a_type_that_the_weights_are_not_is_refused) {
  const TemporaryFolder folder;
  fs::copy(converted("phi_c"), folder / "numbers", fs::copy_options::recursive);
  const auto set_dtype = [](const fs::path& model, const std::string& dtype) {
    std::string text = read_file(model / model::kConfigFile);
    const std::size_t place = text.find("\"dtype\""), end = text.find(',', place);
    write_file(model / model::kConfigFile, text.replace(place, end - place, "\"dtype\": \"" + dtype + "\""));
  };
  set_dtype(folder / "numbers", "int4");
  expect_refused("numbers as int4", folder / "numbers", {"tensor", "gvl-convert --dtype int4"});
  fs::copy(converted_to("phi_c", WeightType::kInt8), folder / "int8", fs::copy_options::recursive);
  set_dtype(folder / "int8", "int4");
  expect_refused("int8 as int4", folder / "int8", {"layers.0", "is int8", "gvl-convert --dtype int4"});
  set_dtype(folder / "int8", "float32");
  expect_refused("int8 as numbers", folder / "int8", {"is int8", "gvl-convert --dtype float32"});
  set_dtype(folder / "int8", "int3");
  expect_error("unknown", ErrorCode::kUnsupported, {"config.json", "int3", "int8, int4"},
               [&] { Model::load(folder / "int8"); });
}

GVL_TEST(widths_that_int4_cannot_have_are_named) {
  const TemporaryFolder folder;
  ModelConfig config = small_config();
  config.language.intermediate_size = 33;
  const std::string name = "language_model.model.layers.0.mlp.down_proj.weight";
  write_random_model(folder / "odd", config, fixture("phi_c") / "tokenizer" / "tokenizer.json");
  expect_error("converting", ErrorCode::kUnsupported, {name, "int4", "33", "int8"},
               [&] { convert(folder / "odd", folder / "int4", {.dtype = WeightType::kInt4}); });
  convert(folder / "odd", folder / "int8", {.dtype = WeightType::kInt8});
  replace(folder / "int8", name, layers::from_aten(at::zeros({32, 16}, at::kByte)));
  expect_error("loading", ErrorCode::kMalformed, {(folder / "int8" / model::kWeightsFile).string(), name, "33"}, [&] {
    FolderParameters(folder / "int8").matrix(name, {32, 33});
  });
}

/** The greatest integer times the scale is still a number; the next scale is none. */
GVL_TEST(scales_are_below_their_limit) {
  const TemporaryFolder root;
  for_each_type([&](WeightType type) {
    const fs::path folder = root / name_of(type);
    fs::copy(converted_to("phi_c", type), folder, fs::copy_options::recursive);
    const float limit = io::scale_limit(io::traits_of(type));
    replace(folder, kScales, with_scale(folder, limit * (1 - 0x1p-8f)));
    ck_assert(verify(folder).dtype == type);
    ck_assert(std::isfinite(limit * (1 - 0x1p-8f) * static_cast<float>(1 << (io::traits_of(type).bits - 1))));
    replace(folder, kScales, with_scale(folder, limit));
    expect_refused("limit", folder, {kScales, "row 1, block 0"});
  });
}

namespace {

/** phi_c with one weight of kMatrix replaced. */
void write_with_weight(const fs::path& folder, float value) {
  fs::copy(converted("phi_c"), folder, fs::copy_options::recursive);
  const at::Tensor spoiled = layers::to_aten(stored(folder, kMatrix)).to(at::kFloat, false, /*copy=*/true);
  spoiled[3][4].fill_(value);
  replace(folder, kMatrix, layers::from_aten(spoiled));
}

}  // namespace

GVL_TEST(weights_that_are_no_numbers_are_not_converted) {
  const TemporaryFolder folder;
  for (const auto& [name, value] : {std::pair{"nan", NAN}, {"inf", INFINITY}}) {
    write_with_weight(folder / name, value);
    for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
      expect_error(traits.name, ErrorCode::kMalformed,
                   {(folder / name / model::kWeightsFile).string(), kMatrix, "finite"},
                   [&, which = name] { convert(folder / which, folder / "out", {.dtype = traits.type}); });
    }
  }
  ck_assert(!fs::exists(folder / "out"));
}

GVL_TEST(weights_that_a_type_cannot_hold_are_named) {
  const TemporaryFolder folder;
  write_with_weight(folder / "great", -70000);
  expect_error("float16", ErrorCode::kUnsupported,
               {(folder / "great" / model::kWeightsFile).string(), kMatrix, "70000", "float16"},
               [&] { convert(folder / "great", folder / "out", {.dtype = WeightType::kFloat16}); });
  ck_assert(!fs::exists(folder / "out"));
  convert(folder / "great", folder / "out", {.dtype = WeightType::kBFloat16});
  // The greatest float32 is no finite bfloat16, and is next to what small integers hold.
  write_with_weight(folder / "greatest", std::numeric_limits<float>::max());
  expect_error("bfloat16", ErrorCode::kUnsupported, {kMatrix, "bfloat16"},
               [&] { convert(folder / "greatest", folder / "out", {.dtype = WeightType::kBFloat16}); });
  for_each_type([&](WeightType type) {
    convert(folder / "greatest", folder / "out", {.dtype = type});
    ck_assert(verify(folder / "out").dtype == type);
  });
}
