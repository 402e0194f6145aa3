/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/convert.hpp"

#include "io/safetensors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder_writer.hpp"
#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;

/** A copy of a fixture that a test may damage. */
class Release {
 public:
  explicit Release(const char* name) { fs::copy(io::test::fixture(name), root(), fs::copy_options::recursive); }

  fs::path root() const { return folder_ / "release"; }
  fs::path out() const { return folder_ / "out"; }

 private:
  TemporaryFolder folder_;
};

/** Every file that converting reads. */
std::vector<fs::path> files_of(const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    const bool read = entry.is_regular_file() && !name.starts_with("expected.") && name != "tokenizer_config.json" &&
                      !name.starts_with("README");
    // Without model.json the official sizes hold, which other tests see; the checkpoint brings its own projector.
    if (read && name != "model.json" && name != "multi_modal_projector.pth") files.push_back(entry.path());
  }
  return files;
}

void expect_refused(const Release& release, const std::string& label, const std::string& part) {
  std::string message;
  try {
    convert(release.root(), release.out());
  } catch (const Error& error) {
    message = error.what();
  }
  ck_assert_msg(!message.empty(), "%s: was converted", label.c_str());
  ck_assert_msg(message.find(part) != std::string::npos, "%s: '%s' does not name %s", label.c_str(), message.c_str(),
                part.c_str());
  ck_assert_msg(!fs::exists(release.out()), "%s: something was written", label.c_str());
}

}  // namespace

GVL_TEST(files_that_are_missing_or_cut_short_are_named) {
  for (const char* name : {"phi_c", "llama_c"}) {
    const Release release(name);
    const std::vector<fs::path> files = files_of(release.root());
    ck_assert(files.size() >= 7);
    for (const fs::path& file : files) {
      const std::string whole = read_file(file);
      const std::string label = std::string(name) + " " + file.filename().string();
      // Without its checkpoint a release has none; the folder is named, for the name may vary.
      const std::string part = file.parent_path().filename() == "ckpt" ? "ckpt" : file.filename().string();
      fs::remove(file);
      expect_refused(release, label + " missing", part);
      write_file(file, whole.substr(0, whole.size() / 2));
      expect_refused(release, label + " cut", part);
      write_file(file, "");
      expect_refused(release, label + " empty", part);
      write_file(file, whole);
    }
    convert(release.root(), release.out());
    ck_assert(Model::load(release.out()) != nullptr);
  }
}

GVL_TEST(sizes_that_do_not_fit_the_weights_are_named) {
  const Release release("phi_c");
  const std::string sizes = read_file(release.root() / "model.json");
  fs::remove(release.root() / "model.json");
  expect_refused(release, "official sizes", "rank 128");
  for (const auto& [from, to, part] : {std::array{"\"depth\": 3", "\"depth\": 9", "blocks"},
                                       {"\"r\": 4", "\"r\": 5", "lora"},
                                       {"\"pretrained_num_frames\": 4", "\"pretrained_num_frames\": 5", "pos_embed"},
                                       {"\"num_segs\": 3", "\"num_segs\": 7", "segments"},
                                       {"\"num_frames\": 12", "\"num_frames\": \"many\"", "num_frames"},
                                       {"\"mlp_ratio\": 4.363636363636363", "\"mlp_ratio\": -1", "mlp_ratio"}}) {
    std::string changed = sizes;
    const std::size_t place = changed.find(from);
    ck_assert_msg(place != std::string::npos, "%s", from);
    write_file(release.root() / "model.json", changed.replace(place, std::strlen(from), to));
    expect_refused(release, to, part);
  }
}

GVL_TEST(base_weights_have_mean_rows_for_new_tokens) {
  for (const auto& [name, base] : {std::pair{"phi_c", "Phi-3.5-vision-instruct-seperated"},
                                   std::pair{"llama_c", "llama3-llava-next-8b-seperated"}}) {
    const Release release(name);
    fs::remove_all(release.root() / "ckpt");
    convert(release.root(), release.out(), {.base = true});
    ck_assert(Model::load(release.out()) != nullptr);
    const auto made = io::SafetensorsFile::open(release.out() / "model.safetensors");
    const auto before =
        io::SafetensorsFile::open(release.root() / base / "language_model_seperated" / "model.safetensors");
    for (const char* table : {"model.embed_tokens.weight", "lm_head.weight"}) {
      const at::Tensor old = layers::to_aten(before.get(table)).to(at::kFloat);
      const at::Tensor rows = layers::to_aten(made.get(std::string("language_model.") + table)).to(at::kFloat);
      // The published vocabulary: 301 temporal tokens and the grounding token more.
      ck_assert_int_eq(rows.size(0), old.size(0) + 302);
      ck_assert(rows.narrow(0, 0, old.size(0)).equal(old));
      const at::Tensor added = rows.narrow(0, old.size(0), 302);
      ck_assert_msg(added.allclose(old.mean(0, true).expand_as(added), 1e-2, 1e-4), "%s %s", name, table);
    }
    const at::Tensor drawn = layers::to_aten(made.get("temporal_projector.linear_1.weight")).to(at::kFloat);
    ck_assert(drawn.std().item<double>() > 0.01);
  }
}

GVL_TEST(a_folder_that_is_no_release_is_named) {
  const TemporaryFolder folder;
  expect_error("missing", ErrorCode::kNotFound, {"nowhere"}, [&] { convert(folder / "nowhere", folder / "out"); });
  expect_error("empty", ErrorCode::kNotFound, {"Phi-3.5-vision-instruct-seperated"},
               [&] { convert(folder.path(), folder / "out"); });
  write_file(folder / "file", "x");
  expect_error("out is a file", ErrorCode::kResource, {"file"},
               [&] { convert(io::test::fixture("phi_c"), folder / "file"); });
}

GVL_TEST(a_model_is_replaced_only_by_a_complete_one) {
  const Release phi("phi_c");
  convert(phi.root(), phi.out());
  const std::string before = read_file(phi.out() / "model.safetensors");
  const std::string tokenizer = read_file(phi.root() / "tokenizer/tokenizer.json");
  write_file(phi.root() / "tokenizer/tokenizer.json", "{}");
  expect_error("broken", ErrorCode::kMalformed, {"tokenizer.json"}, [&] { convert(phi.root(), phi.out()); });
  ck_assert(read_file(phi.out() / "model.safetensors") == before);
  ck_assert(!fs::exists(phi.out() / ".incoming"));
  write_file(phi.root() / "tokenizer/tokenizer.json", tokenizer);
  convert(phi.root(), phi.out(), {.dtype = WeightType::kBFloat16});
  ck_assert(read_file(phi.out() / "model.safetensors").size() < before.size());
  const auto file = io::SafetensorsFile::open(phi.out() / "model.safetensors");
  for (const io::TensorInfo& info : file.tensors()) ck_assert(info.type == DataType::kBFloat16);
}

GVL_TEST(a_model_that_cannot_be_put_in_place_leaves_the_one_before) {
  const TemporaryFolder folder;
  const fs::path tokenizer = io::test::fixture("phi_c") / "tokenizer" / "tokenizer.json";
  const fs::path out = folder / "out";
  write_random_model(out, small_config(), tokenizer);
  const auto files = [&] {
    return std::array{read_file(out / model::kConfigFile), read_file(out / model::kWeightsFile),
                      read_file(out / model::kTokenizerFile)};
  };
  const auto before = files();
  write_random_model(folder / "new", small_config(), tokenizer);
  const auto copy_all = [&](const model::ModelFolderWriter& writer) {
    for (const char* name : {model::kConfigFile, model::kWeightsFile, model::kTokenizerFile}) {
      writer.copy(folder / "new" / name, name);
    }
  };
  write_file(folder / "words.txt", "picture\n");
  {
    const model::ModelFolderWriter writer(out);
    copy_all(writer);
    writer.copy(folder / "words.txt", model::kWordsFile);
    // Where the weights of the model before should go for the while, something lies in the way.
    fs::create_directories(out / ".incoming" / "previous" / model::kWeightsFile / "in the way");
    expect_error("in the way", ErrorCode::kResource, {model::kWeightsFile}, [&] { writer.publish(); });
  }
  ck_assert(files() == before);
  ck_assert(!fs::exists(out / model::kWordsFile) && !fs::exists(out / ".incoming"));
}

GVL_TEST(words_of_the_model_before_do_not_stay) {
  const Release phi("phi_c");
  convert(phi.root(), phi.out());
  write_file(phi.out() / model::kWordsFile, "picture\n");
  convert(phi.root(), phi.out());
  ck_assert(!fs::exists(phi.out() / model::kWordsFile));
  ck_assert(Model::load(phi.out()) != nullptr);
}

GVL_TEST(positions_of_four_frames_are_interpolated_to_eight) {
  const Release release("phi_c");
  std::string sizes = read_file(release.root() / "model.json");
  const std::string from = "\"num_frames\": 12";
  sizes.replace(sizes.find(from), from.size(), "\"num_frames\": 24");
  convert(release.root(), release.out());
  const auto positions = [&] {
    const auto file = io::SafetensorsFile::open(release.out() / "model.safetensors");
    return layers::to_aten(file.get("temporal_encoder.pos_embed")).clone();
  };
  const at::Tensor four = positions();
  write_file(release.root() / "model.json", sizes);
  convert(release.root(), release.out());
  const at::Tensor eight = positions();
  const std::int64_t patches = (four.size(1) - 1) / 4;
  ck_assert_int_eq(eight.size(1), 8 * patches + 1);
  ck_assert_msg(eight.select(1, 0).equal(four.select(1, 0)), "the class token's position moved");
  const auto frame = [&](const at::Tensor& all, std::int64_t i) { return all.narrow(1, 1 + i * patches, patches); };
  // Linear, align_corners false: output i lies at (i + 0.5) / 2 - 0.5 of the input, held at the ends.
  const double at[8] = {0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3};
  for (int i = 0; i < 8; ++i) {
    const auto below = static_cast<std::int64_t>(at[i]);
    const double part = at[i] - static_cast<double>(below);
    const at::Tensor expected =
        frame(four, below).mul(1 - part).add(frame(four, std::min<std::int64_t>(below + 1, 3)), part);
    ck_assert_msg(frame(eight, i).sub(expected).abs().max().item<double>() < 1e-6, "frame %d", i);
  }
}
