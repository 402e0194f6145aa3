/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/weights.hpp"

#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";

void write_shard(const std::filesystem::path& path, const std::string& name, const std::string& data) {
  SafetensorsWriter writer(path, {{name, DataType::kUInt8, {static_cast<std::int64_t>(data.size())}}});
  writer.write(name, std::as_bytes(std::span(data)));
  writer.finish();
}

void touch_all(const Weights& weights) {
  std::uint64_t hash = kHashStart;
  for (const std::string& name : weights.names()) hash = hash_tensor(hash, name, weights.get(name));
}

}  // namespace

GVL_TEST(opens_a_folder_and_a_file) {
  const auto folder = fixture("phi_c/Phi-3.5-vision-instruct-seperated/language_model_seperated");
  for (const auto& path : {folder, folder / "model.safetensors"}) {
    const Weights weights = Weights::open(path);
    const std::vector<std::string> names = weights.names();
    ck_assert_int_eq(names.size(), 15);
    ck_assert(std::is_sorted(names.begin(), names.end()));
    ck_assert_uint_eq(weights.total_bytes(), 276960);
    ck_assert(weights.contains("lm_head.weight") && !weights.contains("lm_head.bias"));
    const auto shape = weights.info("lm_head.weight").shape;
    ck_assert(weights.get("lm_head.weight", shape).shape == shape);
  }
}

GVL_TEST(errors_name_file_tensor_and_shapes) {
  const TemporaryFolder folder;
  write_shard(folder / "model.safetensors", "a", "12345");
  const Weights weights = Weights::open(folder.path());
  expect_error("shape", ErrorCode::kMalformed,
               {"model.safetensors", "tensor 'a'", "expected shape [5, 1]", "found [5]"}, [&] {
                 weights.get("a", {5, 1});
               });
  expect_error("absent", ErrorCode::kMalformed, {"model.safetensors", "no tensor 'b'"}, [&] { weights.get("b"); });
  expect_error("absent", ErrorCode::kMalformed, {"model.safetensors", "no tensor 'b'"}, [&] { weights.info("b"); });
}

GVL_TEST(opens_shards) {
  const TemporaryFolder folder;
  write_shard(folder / "model-1.safetensors", "a", "first");
  write_shard(folder / "model-2.safetensors", "b", "second");
  write_shard(folder / "unused.safetensors", "c", "third");
  write_file(folder / kIndex,
             R"({"metadata":{"total_size":11},"weight_map":{"b":"model-2.safetensors","a":"model-1.safetensors"}})");
  Tensor a;
  {
    const Weights weights = Weights::open(folder.path());
    ck_assert_int_eq(weights.names().size(), 2);
    ck_assert_uint_eq(weights.total_bytes(), 11);
    expect_text(bytes_of(weights.get("b", {6})), "second");
    a = weights.get("a");
    expect_error("absent", ErrorCode::kMalformed, {kIndex, "'c'"}, [&] { weights.get("c"); });
    expect_error("shape", ErrorCode::kMalformed, {"model-2.safetensors", "'b'"}, [&] { weights.get("b", {7}); });
  }
  expect_text(bytes_of(a), "first");
}

GVL_TEST(malformed_indexes_are_named_errors) {
  const TemporaryFolder folder;
  write_shard(folder / "model-1.safetensors", "a", "first");
  write_shard(folder.path().parent_path() / (folder.path().filename().string() + "-outside"), "a", "outside");
  const std::string outside = "../" + folder.path().filename().string() + "-outside";
  write_file(folder / "bad.safetensors", "no safetensors");
  std::filesystem::create_directory(folder / "sub");
  write_shard(folder / "sub/model.safetensors", "a", "below");

  const struct {
    std::string index;
    std::vector<std::string> parts;
    ErrorCode code = ErrorCode::kMalformed;
  } cases[] = {
      {"", {kIndex, "is empty"}},
      {"[]", {kIndex, "expected an object"}},
      {"{}", {kIndex, "weight_map: is missing"}},
      {R"({"weight_map":[]})", {kIndex, "weight_map: expected an object"}},
      {R"({"weight_map":{"a":1}})", {kIndex, "weight_map.a: expected a string"}},
      {R"({"weight_map":{"a":""}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":"."}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":".."}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":")" + outside + R"("}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":"/etc/passwd"}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":"sub/model.safetensors"}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":"\u002fetc\u002fpasswd"}})", {kIndex, "weight_map.a", "plain file name"}},
      {R"({"weight_map":{"a":"none.safetensors"}})", {"none.safetensors"}, ErrorCode::kNotFound},
      {R"({"weight_map":{"a":"sub"}})", {"sub", "is a folder"}, ErrorCode::kNotFound},
      {R"({"weight_map":{"a":"bad.safetensors"}})", {"bad.safetensors"}},
      {R"({"weight_map":{"b":"model-1.safetensors"}})", {kIndex, "weight_map.b", "no such tensor"}},
  };
  for (const auto& test : cases) {
    write_file(folder / kIndex, test.index);
    expect_error(test.index, test.code, test.parts, [&] { Weights::open(folder.path()); });
  }
  std::filesystem::remove(folder.path().parent_path() / (folder.path().filename().string() + "-outside"));
}

GVL_TEST(missing_models_are_named_errors) {
  const TemporaryFolder folder;
  expect_error("no model", ErrorCode::kNotFound, {folder.path().string(), "model.safetensors"},
               [&] { Weights::open(folder.path()); });
  expect_error("nothing", ErrorCode::kNotFound, {"nothing"}, [&] { Weights::open(folder / "nothing"); });
}

GVL_TEST(survives_truncated_and_mutated_indexes) {
  const TemporaryFolder folder;
  write_shard(folder / "s1", "a", "first");
  write_shard(folder / "s2", "b", "second");
  const std::string index = R"({"metadata":{"total_size":11},"weight_map":{"b":"s2","a":"s1"}})";
  for (std::size_t length = 0; length < index.size(); ++length) {
    write_file(folder / kIndex, index.substr(0, length));
    expect_error("cut at " + std::to_string(length), ErrorCode::kMalformed, {kIndex},
                 [&] { Weights::open(folder.path()); });
  }
  Random random;
  int loaded = 0;
  for (int i = 0; i < 5000; ++i) {
    write_file(folder / kIndex, mutate(index, random));
    loaded += loads_or_throws(folder.path().string(), [&] { touch_all(Weights::open(folder.path())); });
  }
  ck_assert(loaded > 0 && loaded < 5000);
}
