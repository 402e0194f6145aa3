/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/torch_archive.hpp"

#include <algorithm>
#include <fstream>
#include <functional>

#include "torch_archive_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;
using namespace std::string_literals;

namespace {

/** An archive of 24 floats, with a change. */
std::string changed(const std::function<void(ZipBuilder&)>& change) {
  ZipBuilder zip = with_view(view_of_24({24}, {1}));
  change(zip);
  return zip.build();
}

std::string changed_zip64(const std::function<void(ZipBuilder&)>& change) {
  return changed([&](ZipBuilder& zip) {
    zip.zip64 = true;
    change(zip);
  });
}

struct DamagedArchive {
  const char* label;
  ErrorCode code;
  const char* part;
  std::string content;
};

void expect_errors(const std::vector<DamagedArchive>& cases) {
  for (const auto& test : cases) expect_archive_error(test.label, test.code, {test.part}, test.content);
}

}  // namespace

GVL_TEST(reads_the_fixtures) {
  const struct {
    const char* file;
    std::size_t tensors;
    std::size_t bytes;
    std::uint64_t hash;
    const char* first;
  } cases[] = {
      {"llama_c/ckpt/sft_llava_next_video_llama3_mix_sft_multi_modal_projector_video_projecter_language_model.pth", 58,
       372888, 0x1a92fbd98005e725U, "model/multi_modal_projector/linear_1.weight"},
      {"llama_c/internvideo/vision-encoder-InternVideo2-stage2_1b-224p-f4.pt", 72, 344324, 0x120ddbd37eee8d44U,
       "cls_token"},
      {"llama_c/llama3-llava-next-8b-seperated/image_newline.pth", 1, 96, 0x1a03ca9152048508U, "image_newline"},
      {"llama_c/llama3-llava-next-8b-seperated/multi_modal_projector.pth", 4, 4800, 0x7e377db377b539a3U,
       "linear_1.weight"},
      {"llama_c/llama3-llava-next-8b-seperated/vision_model.pth", 55, 149472, 0xff70b6e2057a4fc1U,
       "vision_model.embeddings.class_embedding"},
      {"phi_c/Phi-3.5-vision-instruct-seperated/image_newlines.pth", 2, 768, 0xd04721c9c7be2bc4U, "glb_GN"},
      {"phi_c/Phi-3.5-vision-instruct-seperated/multi_modal_projector.pth", 4, 11712, 0xea35284c7fccaf42U,
       "linear_0.weight"},
      {"phi_c/Phi-3.5-vision-instruct-seperated/vision_model.pth", 55, 131040, 0xe0d9c8407740e319U,
       "vision_model.embeddings.class_embedding"},
      {"phi_c/ckpt/sft_llava_next_video_phi3.5_mix_sft_multi_modal_projector_video_projecter_language_model.pth", 40,
       370328, 0x927e99099277a2a1U, "model/multi_modal_projector/linear_0.weight"},
      {"phi_c/internvideo/vision-encoder-InternVideo2-stage2_1b-224p-f4.pt", 72, 344324, 0x075b5010cdfa2531U,
       "cls_token"},
  };
  for (const auto& test : cases) {
    const TorchArchive archive = TorchArchive::open(fixture(test.file));
    std::vector<std::string> names = archive.names();
    expect_text(names.at(0), test.first);
    std::sort(names.begin(), names.end());
    std::uint64_t hash = kHashStart;
    std::size_t bytes = 0;
    for (const std::string& name : names) {
      const Tensor tensor = archive.get(name);
      ck_assert(tensor.shape == archive.info(name).shape && tensor.type == archive.info(name).type);
      hash = hash_tensor(hash, name, tensor);
      bytes += tensor.bytes();
    }
    ck_assert_int_eq(names.size(), test.tensors);
    ck_assert_uint_eq(bytes, test.bytes);
    ck_assert_uint_eq(hash, test.hash);
  }
}

GVL_TEST(reads_views_of_storages) {
  const struct {
    pickle::View view;
    std::vector<float> values;
  } cases[] = {
      {view_of_24({2, 3}, {3, 1}), {0, 1, 2, 3, 4, 5}},
      {view_of_24({2, 3}, {3, 1}, 18), {18, 19, 20, 21, 22, 23}},
      {view_of_24({3, 2}, {1, 3}), {0, 3, 1, 4, 2, 5}},
      {view_of_24({2, 2, 2}, {1, 12, 4}, 1), {1, 5, 13, 17, 2, 6, 14, 18}},
      {view_of_24({4}, {6}, 5), {5, 11, 17, 23}},
      {view_of_24({2, 1, 3}, {3, 99, 1}), {0, 1, 2, 3, 4, 5}},
      {view_of_24({2, 3}, {0, 1}, 1), {1, 2, 3, 1, 2, 3}},
      {view_of_24({}, {}, 23), {23}},
      {view_of_24({0, 3}, {7, 2}), {}},
      {view_of_24({3, 0}, {0, 1}, 24), {}},
  };
  const TemporaryFolder folder;
  for (const auto& test : cases) {
    const TorchArchive archive = open(folder, with_view(test.view).build());
    const Tensor tensor = archive.get("w");
    ck_assert(tensor.shape == test.view.shape && tensor.type == DataType::kFloat32);
    ck_assert_msg(values_of(tensor) == test.values, "shape %s", to_string(test.view.shape).c_str());
  }
}

GVL_TEST(tensors_outlive_their_archive) {
  const TemporaryFolder folder;
  const Tensor view = open(folder, with_view(view_of_24({2}, {1}, 7)).build()).get("w");
  const Tensor copy = open(folder, with_view(view_of_24({2}, {2}, 7)).build()).get("w");
  ck_assert(values_of(view) == std::vector<float>({7, 8}));
  ck_assert(values_of(copy) == std::vector<float>({7, 9}));
}

GVL_TEST(reads_all_types) {
  const struct {
    const char* storage;
    DataType type;
  } cases[] = {
      {"BoolStorage", DataType::kBool},     {"ByteStorage", DataType::kUInt8},
      {"CharStorage", DataType::kInt8},     {"ShortStorage", DataType::kInt16},
      {"IntStorage", DataType::kInt32},     {"LongStorage", DataType::kInt64},
      {"HalfStorage", DataType::kFloat16},  {"BFloat16Storage", DataType::kBFloat16},
      {"FloatStorage", DataType::kFloat32}, {"DoubleStorage", DataType::kFloat64},
  };
  const TemporaryFolder folder;
  for (const auto& test : cases) {
    const std::size_t size = size_of(test.type);
    std::string data;
    for (std::size_t i = 0; i < 6 * size; ++i) data += static_cast<char>(i);
    const pickle::View transposed{test.storage, "0", 6, 0, {3, 2}, {1, 3}};
    const std::string pickled = finished(pickle::dictionary(pickle::member("w", pickle::tensor(transposed))));
    const Tensor tensor = open(folder, checkpoint(pickled, {data}).build()).get("w");
    ck_assert(tensor.type == test.type);
    std::string expected;
    for (const std::size_t element : {0, 3, 1, 4, 2, 5}) expected += data.substr(element * size, size);
    ck_assert_msg(bytes_of(tensor) == expected, "%s", test.storage);
  }
}

GVL_TEST(joins_the_names_of_nested_dictionaries) {
  using namespace pickle;
  const std::string leaf = tensor(view_of_24({1}, {1}));
  const std::string ordered = global("collections", "OrderedDict") + ")R";
  const std::string pairs = global("collections", "OrderedDict") + "](](" + text("pair") + leaf + "ee\x85R";
  const std::string parameter = global("torch._utils", "_rebuild_parameter") + "(" + leaf + "\x88" + ordered + "tR";
  const std::string contents =
      member("flat.weight", leaf) + member("a", dictionary(member("b", ordered + member("c", leaf)))) +
      member("parameter", parameter) + member("pairs", pairs) + integer(7) + leaf + "s" +  // a key 7
      member("number", integer(1)) + member("text", text("x")) + member("float", "G12345678") + member("none", "N") +
      member("true", "\x88") + member("bytes", "C\x03xyz") + member("list", "](" + leaf + "e") +
      member("huge", std::string("\x8a\x09") + "123456789") +
      member("device", global("torch", "device") + text("cpu") + "\x85R") +
      member("dtype", global("torch", "float32")) + member("size", global("torch", "Size") + tuple({2, 3}) + "\x85R") +
      member("empty", "}") + member("set later", "}") + "\x94" + ")" + leaf + "s";  // a key that is no text
  const TemporaryFolder folder;
  const TorchArchive archive = open(folder, checkpoint(finished(dictionary(contents)), {floats(24)}).build());
  const std::vector<std::string> expected = {"flat.weight", "a/b/c", "parameter", "pairs/pair", "7"};
  ck_assert(archive.names() == expected);
  for (const std::string& name : expected) ck_assert(archive.contains(name) && values_of(archive.get(name))[0] == 0);
  expect_error("absent", ErrorCode::kMalformed, {"model.pth", "no tensor 'a'"}, [&] { archive.get("a"); });
  expect_error("absent", ErrorCode::kMalformed, {"model.pth", "no tensor 'x'"}, [&] { archive.info("x"); });
}

GVL_TEST(reads_other_protocols_and_forms) {
  using namespace pickle;
  // Protocol 4: frames, short strings, STACK_GLOBAL, MEMOIZE and their recall.
  const auto short_text = [](const std::string& value) {
    return "\x8c"s + packed(static_cast<std::uint8_t>(value.size())) + value + "\x94";
  };
  const auto stack_global = [&](const std::string& module, const std::string& name) {
    return short_text(module) + short_text(name) + "\x93\x94";
  };
  const std::string storage4 = "("s + short_text("storage") + stack_global("torch", "FloatStorage") + short_text("0") +
                               short_text("cpu") + "K\x18t\x94Q";
  const std::string pickle4 = std::string("\x80\x04\x95") + packed<std::uint64_t>(100) + "}\x94(" + short_text("w") +
                              stack_global("torch._utils", "_rebuild_tensor_v2") + "(" + storage4 + "M" +
                              packed<std::uint16_t>(2) + "J" + packed<std::int32_t>(3) + "\x85K\x01\x85\x89" +
                              stack_global("collections", "OrderedDict") + ")R\x94t\x94R\x94u}" +
                              short_text("_metadata") + "}sb.";
  // Protocol 2 with what the memo can do.
  const std::string memo = finished(
      "}q\x05"
      "0h\x05(" +
      text("w") + "r" + packed<std::uint32_t>(70000) + tensor(view_of_24({3}, {1}, 2)) +
      "2"
      "0u" +
      "(KKK\x01"
      "1");
  const TemporaryFolder folder;
  for (const std::string& pickled : {pickle4, memo}) {
    const TorchArchive archive = open(folder, checkpoint(pickled, {floats(24)}).build());
    ck_assert(values_of(archive.get("w")) == std::vector<float>({2, 3, 4}));
  }
  const TorchArchive lone = open(folder, checkpoint(finished(tensor(view_of_24({3}, {1}))), {floats(24)}).build());
  ck_assert(lone.names() == std::vector<std::string>{""} && values_of(lone.get(""))[2] == 2);
}

GVL_TEST(reads_zip64_and_comments) {
  const TemporaryFolder folder;
  for (const bool zip64 : {false, true}) {
    for (const char* comment : {"", "a comment PK\x05\x06 that imitates an end record"}) {
      ZipBuilder zip = with_view(view_of_24({24}, {1}));
      zip.zip64 = zip64;
      zip.comment = comment;
      ck_assert_int_eq(values_of(open(folder, zip.build()).get("w")).size(), 24);
    }
  }
}

// As large files are: an entry beyond 4 GiB, which only ZIP64 can reach. The file is sparse.
GVL_TEST(reads_beyond_4_gib) {
  constexpr std::uint64_t kHole = (std::uint64_t{4} << 30) + 4096;
  const std::string pickled = finished(pickle::dictionary(pickle::member("w", pickle::tensor(view_of_24({24}, {1})))));
  ZipBuilder zip = checkpoint(pickled, {floats(24)});
  zip.zip64 = true;
  zip.local_shift = kHole;
  zip.directory_shift = kHole;
  zip.zip64_record_shift = kHole;
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "model.pth";
  {
    std::ofstream out(path, std::ios::binary);
    out.seekp(static_cast<std::streamoff>(kHole));
    out << zip.build();
    out.seekp(0);
    out << "PK\x03\x04";
    ck_assert(static_cast<bool>(out.flush()));
  }
  const TorchArchive archive = TorchArchive::open(path);
  ck_assert(values_of(archive.get("w"))[23] == 23);
}

GVL_TEST(many_tensors_are_read) {
  using namespace pickle;
  std::string members;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "model.layers." + std::to_string(i) + ".self_attn.qkv_proj.weight";
    members += member(name, tensor(view_of_24({4, 6}, {6, 1})));
  }
  const TemporaryFolder folder;
  const TorchArchive archive = open(folder, checkpoint(finished(dictionary(members)), {floats(24)}).build());
  ck_assert_int_eq(archive.names().size(), 20000);
}

GVL_TEST(damaged_archives_are_named_errors) {
  const auto malformed = ErrorCode::kMalformed;
  const auto unsupported = ErrorCode::kUnsupported;
  expect_errors({
      {"empty", malformed, "is empty", ""},
      {"text", malformed, "not a PyTorch archive", "hello"},
      {"only a signature", malformed, "zip archive", "PK\x03\x04"},
      {"no end record", malformed, "no end record", "PK\x03\x04" + std::string(1000, 'x')},
      {"legacy", unsupported, "before 1.6",
       "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + std::string(50, 'x')},
      {"no pickle", malformed, "without data.pkl", changed([](auto& zip) { zip.entries.erase(zip.entries.begin()); })},
      {"two pickles", malformed, "two checkpoints", changed([](auto& zip) {
         zip.entries.push_back({"b/data.pkl", "N."});
       })},
      {"deep pickle", malformed, "without data.pkl", changed([](auto& zip) { zip.entries[0].name = "a/b/data.pkl"; })},
      {"entry twice", malformed, "'model/data/0' occurs twice",
       changed([](auto& zip) { zip.entries.push_back(zip.entries[2]); })},
      {"no storage", malformed, "'model/data/0'",
       changed([](auto& zip) { zip.entries.erase(zip.entries.begin() + 2); })},
      {"compressed pickle", unsupported, "'model/data.pkl'", changed([](auto& zip) { zip.entries[0].method = 8; })},
      {"compressed storage", unsupported, "'model/data/0'", changed([](auto& zip) { zip.entries[2].method = 8; })},
      {"encrypted storage", unsupported, "'model/data/0'", changed([](auto& zip) { zip.entries[2].flags = 1; })},
      {"big-endian", unsupported, "'big'", changed([](auto& zip) { zip.entries[1].data = "big"; })},
      {"offsets too high", malformed, "'model/byteorder'", changed([](auto& zip) { zip.local_shift = 1; })},
      {"offsets beyond", malformed, "'model/byteorder'", changed([](auto& zip) { zip.local_shift = 1000000; })},
      {"sizes beyond", malformed, "'model/byteorder' reaches", changed([](auto& zip) { zip.size_shift = 1000000; })},
      {"directory too high", malformed, "directory", changed([](auto& zip) { zip.directory_shift = 1; })},
      {"directory beyond", malformed, "directory", changed([](auto& zip) { zip.directory_shift = 1000000; })},
      {"too many entries", malformed, "directory", changed([](auto& zip) { zip.extra_entries = 1; })},
      {"far too many entries", malformed, "directory", changed([](auto& zip) { zip.extra_entries = 60000; })},
  });
  expect_error("missing", ErrorCode::kNotFound, {"none.pth"}, [] { TorchArchive::open("/nowhere/none.pth"); });
  const TemporaryFolder folder;
  expect_error("folder", ErrorCode::kNotFound, {"is a folder"}, [&] { TorchArchive::open(folder.path()); });
}

GVL_TEST(damaged_zip64_archives_are_named_errors) {
  const auto malformed = ErrorCode::kMalformed;
  expect_errors({
      {"offsets", malformed, "'model/byteorder'", changed_zip64([](auto& zip) { zip.local_shift = UINT64_MAX - 100; })},
      {"offsets beyond", malformed, "'model/byteorder'",
       changed_zip64([](auto& zip) { zip.local_shift = UINT64_C(1) << 62; })},
      {"sizes", malformed, "'model/byteorder'", changed_zip64([](auto& zip) { zip.size_shift = UINT64_MAX - 6; })},
      {"huge sizes", malformed, "'model/byteorder'",
       changed_zip64([](auto& zip) { zip.size_shift = UINT64_C(1) << 63; })},
      {"directory", malformed, "directory", changed_zip64([](auto& zip) { zip.directory_shift = UINT64_MAX - 1000; })},
      {"entries", malformed, "directory", changed_zip64([](auto& zip) { zip.extra_entries = UINT64_MAX - 4; })},
      {"many entries", malformed, "directory", changed_zip64([](auto& zip) { zip.extra_entries = UINT64_C(1) << 60; })},
      {"record", malformed, "ZIP64", changed_zip64([](auto& zip) { zip.zip64_record_shift = 1; })},
      {"record beyond", malformed, "ZIP64", changed_zip64([](auto& zip) { zip.zip64_record_shift = UINT64_MAX / 2; })},
  });
}

GVL_TEST(survives_truncation) {
  const TemporaryFolder folder;
  for (const bool zip64 : {false, true}) {
    ZipBuilder zip = with_view(view_of_24({4, 6}, {1, 4}));
    zip.zip64 = zip64;
    const std::string good = zip.build();
    for (std::size_t length = 0; length < good.size(); ++length) {
      expect_error("cut at " + std::to_string(length), ErrorCode::kMalformed, {"model.pth"},
                   [&] { open(folder, good.substr(0, length)); });
    }
    const std::string pickled = zip.entries[0].data;
    for (std::size_t length = 0; length < pickled.size(); ++length) {
      zip.entries[0].data = pickled.substr(0, length);
      expect_error("pickle cut at " + std::to_string(length), ErrorCode::kMalformed, {"model.pth"},
                   [&] { open(folder, zip.build()); });
    }
  }
}

GVL_TEST(survives_mutation) {
  const TemporaryFolder folder;
  Random random;
  int loaded = 0;
  const auto attempt = [&](const std::string& content) {
    loaded += loads_or_throws("model.pth", [&] { touch_all(open(folder, content)); });
  };
  for (const bool zip64 : {false, true}) {
    ZipBuilder zip = with_view(view_of_24({4, 6}, {1, 4}));
    zip.zip64 = zip64;
    const std::string good = zip.build();
    for (int i = 0; i < 2500; ++i) attempt(mutate(good, random));
    const std::string pickled = zip.entries[0].data;
    for (int i = 0; i < 2500; ++i) {
      zip.entries[0].data = mutate(pickled, random);
      attempt(zip.build());
    }
  }
  const std::string real = read_file(fixture("llama_c/llama3-llava-next-8b-seperated/image_newline.pth"));
  for (int i = 0; i < 5000; ++i) attempt(mutate(real, random));
  ck_assert(loaded > 0 && loaded < 15000);
}
