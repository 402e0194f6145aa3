/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which files a release needs, several models in one folder, and what is said about folders that are no good.
#include "model/release_files.hpp"

#include <algorithm>
#include <array>

#include "gvl/convert.hpp"
#include "io/safetensors.hpp"
#include "model/model_folder.hpp"
#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kPointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 12345\n";

/** Both fixtures in one folder, as the release has them: each model's tokenizer in a folder of its own. */
void copy_both(const fs::path& to) {
  for (const auto& [name, tokenizer] :
       {std::pair{"phi_c", "Phi-3.5-mini-instruct"}, std::pair{"llama_c", "llama3-llava-next-8b"}}) {
    fs::copy(fixture(name), to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    fs::rename(to / "tokenizer", to / tokenizer);
  }
}

std::vector<std::string> paths_in(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(fs::relative(entry.path(), folder).string());
  }
  return paths;
}

}  // namespace

GVL_TEST(of_several_models_in_a_folder_one_is_named) {
  const TemporaryFolder folder;
  const fs::path both = folder / "both", out = folder / "out";
  copy_both(both);
  expect_error("which", ErrorCode::kInvalidArgument, {"both", "phi3.5 and llama3"}, [&] { convert(both, out); });
  expect_error("unknown", ErrorCode::kInvalidArgument, {"phi4", "phi3.5, llama3"},
               [&] { convert(both, out, {.variant = "phi4"}); });
  for (const auto& [variant, type, name] : {std::array{"phi3.5", "phi3", "phi_c"}, {"llama3", "llama", "llama_c"}}) {
    // The sizes of small models stand in a file that the official release does not have.
    fs::copy_file(fixture(name) / "model.json", both / "model.json", fs::copy_options::overwrite_existing);
    convert(both, out, {.variant = variant});
    expect_text(ModelConfig::load(out / "config.json").language.type, type);
  }
  expect_error("not there", ErrorCode::kNotFound, {"llama3-llava-next-8b-seperated", "llama3"},
               [&] { convert(fixture("phi_c"), out, {.variant = "llama3"}); });
}

GVL_TEST(what_a_release_needs_is_all_that_converting_reads) {
  const std::vector<std::string> variants = release_variants();
  ck_assert_uint_eq(variants.size(), 2);
  for (const auto& [variant, name] : {std::pair{"phi3.5", "phi_c"}, std::pair{"llama3", "llama_c"}}) {
    for (const bool base : {false, true}) {
      const TemporaryFolder folder;
      const std::vector<std::string> files = release_files(variant, paths_in(fixture(name)), base);
      for (const std::string& file : files) {
        fs::create_directories((folder / "some" / file).parent_path());
        fs::copy_file(fixture(name) / file, folder / "some" / file);
      }
      convert(folder / "some", folder / "out", {.base = base});
      // No more than that.
      for (const std::string& file : files) {
        if (file == "model.json") continue;
        std::vector<std::string> others = files;
        std::erase(others, file);
        const bool is_tokenizer = file.starts_with("tokenizer/");
        const char* part = file.starts_with("ckpt/") ? "ckpt/sft_*" : is_tokenizer ? "tokenizer.json" : file.c_str();
        expect_error(file.c_str(), ErrorCode::kNotFound, {part}, [&] { release_files(variant, others, base); });
      }
    }
  }
  expect_error("unknown", ErrorCode::kInvalidArgument, {"gpt"}, [] { release_files("gpt", {}); });
}

GVL_TEST(fine_tuned_weights_are_known_by_their_name) {
  const io::LanguageModel& phi = model::model_of_variant("phi3.5");
  const auto found = [&](const std::vector<std::string>& names) { return model::checkpoint_of(phi, names); };
  expect_text(found({"sft_mine.pth", "other.pth"}), "sft_mine.pth");
  expect_text(found({"sft_a_phi3.5_b.pth", "sft_a_llama3_b.pth"}), "sft_a_phi3.5_b.pth");
  expect_text(found({"sft_a.pth", "sft_b.pth"}), "");
  expect_text(found({"sft_a_phi3.5_b.pth", "sft_c_phi3.5_d.pth"}), "");
  expect_text(found({}), "");
}

GVL_TEST(pointers_of_git_lfs_are_told_from_files) {
  const TemporaryFolder folder;
  fs::copy(fixture("phi_c"), folder / "release", fs::copy_options::recursive);
  for (const std::string& file : release_files("phi3.5", paths_in(fixture("phi_c")))) {
    if (!file.ends_with(".pth") && !file.ends_with(".pt") && !file.ends_with(".safetensors")) continue;
    const std::string before = read_file(folder / "release" / file);
    write_file(folder / "release" / file, kPointer);
    expect_error(file.c_str(), ErrorCode::kMalformed, {file.c_str(), "Git-LFS", "gvl-fetch"},
                 [&] { convert(folder / "release", folder / "out"); });
    write_file(folder / "release" / file, before);
  }
}

GVL_TEST(a_release_is_told_from_a_model) {
  expect_error("release", ErrorCode::kUnsupported, {"phi_c", "gvl-convert"}, [] { Model::load(fixture("phi_c")); });
}

GVL_TEST(a_model_that_is_good_is_described) {
  const ModelSummary summary = verify(converted("phi_c"));
  expect_text(summary.type, "phi3");
  const auto weights = io::SafetensorsFile::open(converted("phi_c") / "model.safetensors");
  ck_assert_uint_eq(summary.tensors, weights.tensors().size());
  std::size_t bytes = 0;
  for (const io::TensorInfo& info : weights.tensors()) bytes += Tensor(info.type, info.shape).bytes();
  ck_assert_uint_eq(summary.bytes, bytes);

  ModelSummary announced;
  const TemporaryFolder folder;
  convert(fixture("phi_c"), folder / "out", {.begin = [&](const ModelSummary& made) { announced = made; }});
  ck_assert(announced.dtype == summary.dtype);
  ck_assert_uint_eq(announced.tensors, summary.tensors);
  ck_assert_uint_eq(announced.bytes, summary.bytes);
}

GVL_TEST(weights_that_are_no_numbers_are_named) {
  const TemporaryFolder folder;
  fs::copy(converted("phi_c"), folder / "model");
  const fs::path file = folder / "model" / "model.safetensors";
  std::string bytes = read_file(file);
  // All bits set is no number in any of the types; the last bytes belong to the last tensor.
  std::fill(bytes.end() - 4, bytes.end(), '\xff');
  write_file(file, bytes);
  expect_error("not a number", ErrorCode::kMalformed, {file.string(), "tensor", "no finite numbers"},
               [&] { verify(folder / "model"); });
  expect_error("no folder", ErrorCode::kNotFound, {"nowhere"}, [&] { verify(folder / "nowhere"); });
}
