#include <cstring>

#include "io/torch_archive.hpp"

#include "archive_builder.hpp"
#include "cost.hpp"
#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;
using namespace std::string_literals;

namespace {

// 0.0f, 1.0f, ..., count - 1.
std::string floats(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    out += packed(bits);
  }
  return out;
}

std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  if (!values.empty()) std::memcpy(values.data(), tensor.map(), tensor.bytes());
  return values;
}

void touch_all(const TorchArchive& archive) {
  std::uint64_t hash = kHashStart;
  for (const std::string& name : archive.names()) hash = hash_tensor(hash, name, archive.get(name));
}

std::string finished(const std::string& instructions) { return pickle::kStart + instructions + "."; }

/** A checkpoint {"w": view} over 24 floats. */
ZipBuilder with_view(const pickle::View& view) {
  return checkpoint(finished(pickle::dictionary(pickle::member("w", pickle::tensor(view)))), {floats(24)});
}

pickle::View view_of_24(std::vector<std::int64_t> shape, std::vector<std::int64_t> strides, std::int64_t offset = 0) {
  return {"FloatStorage", "0", 24, offset, std::move(shape), std::move(strides)};
}

TorchArchive open(const TemporaryFolder& folder, const std::string& content) {
  write_file(folder / "model.pth", content);
  return TorchArchive::open(folder / "model.pth");
}

void expect_archive_error(const std::string& label, ErrorCode code, std::vector<std::string> parts,
                          const std::string& content) {
  const TemporaryFolder folder;
  parts.push_back("model.pth");
  expect_error(label, code, parts, [&] { touch_all(open(folder, content)); });
}

void expect_pickle_error(const std::string& label, ErrorCode code, const std::vector<std::string>& parts,
                         const std::string& instructions) {
  expect_archive_error(label, code, parts, checkpoint(finished(instructions), {floats(24)}).build());
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
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

GVL_TEST(hostile_views_are_named_errors) {
  const auto too_many_elements = [] {
    pickle::View view = view_of_24({25}, {1});
    view.elements = 25;
    return view;
  };
  const auto storage = [](const std::string& type, const std::string& key, std::int64_t elements) {
    return pickle::View{type, key, elements, 0, {1}, {1}};
  };
  const struct {
    const char* label;
    pickle::View view;
    const char* part;
    ErrorCode code = ErrorCode::kMalformed;
  } cases[] = {
      {"one too many", view_of_24({25}, {1}), "reach outside"},
      {"offset one too far", view_of_24({24}, {1}, 1), "reach outside"},
      {"stride", view_of_24({2, 2}, {23, 1}), "reach outside"},
      {"scalar behind the end", view_of_24({}, {}, 24), "reach outside"},
      {"offset far behind", view_of_24({0}, {1}, 25), "bad offset"},
      {"negative offset", view_of_24({1}, {1}, -1), "bad offset"},
      {"smallest offset", view_of_24({1}, {1}, INT64_MIN), "bad offset"},
      {"negative size", view_of_24({-1}, {1}), "bad shape"},
      {"negative stride", view_of_24({2}, {-1}, 5), "bad offset"},
      {"overflowing shape", view_of_24({INT64_MAX, INT64_MAX}, {0, 0}), "bad shape"},
      {"overflowing beside zero", view_of_24({0, INT64_MAX, INT64_MAX}, {0, 0, 0}), "bad shape"},
      {"overflowing bytes", view_of_24({INT64_MAX}, {0}), "bad shape"},
      {"overflowing stride", view_of_24({3}, {INT64_MAX}), "reach outside"},
      {"overflowing sum", view_of_24({2, 2}, {INT64_MAX, INT64_MAX}), "reach outside"},
      {"overflowing end", view_of_24({2}, {INT64_MAX}), "reach outside"},
      {"fewer strides", view_of_24({2, 2}, {1}), "bad shape"},
      {"more strides", view_of_24({2}, {1, 1}), "bad shape"},
      {"repeated to a terabyte", view_of_24({INT64_C(1) << 38}, {0}), "repeats a storage", ErrorCode::kUnsupported},
      {"longer storage than the entry", too_many_elements(), "96 bytes, expected 25 elements"},
      {"shorter storage than the entry", storage("FloatStorage", "0", 23), "expected 23 elements"},
      {"other type", storage("DoubleStorage", "0", 24), "expected 24 elements of float64"},
      {"negative storage", storage("FloatStorage", "0", -24), "bad offset"},
      {"overflowing storage", storage("FloatStorage", "0", INT64_MAX), "its storage has 96 bytes"},
      {"missing storage", storage("FloatStorage", "1", 24), "entry 'model/data/1' is missing"},
      {"storage by path", storage("FloatStorage", "../data/0", 24), "is missing"},
  };
  for (const auto& test : cases) {
    expect_archive_error(test.label, test.code, {"'w'", test.part}, with_view(test.view).build());
  }
}

GVL_TEST(pickles_run_nothing) {
  using namespace pickle;
  const auto unsupported = ErrorCode::kUnsupported;
  const auto name = [](const char* text) { return std::vector<std::string>{text}; };
  expect_pickle_error("os.system", unsupported, name("'os.system'"), global("os", "system") + text("id") + "\x85R");
  expect_pickle_error("posix", unsupported, name("'posix.system'"), text("posix") + text("system") + "\x93");
  expect_pickle_error("eval", unsupported, name("'builtins.eval'"), global("builtins", "eval") + text("1") + "\x85R");
  expect_pickle_error("getattr", unsupported, name("'builtins.getattr'"), global("builtins", "getattr"));
  expect_pickle_error("torch.load", unsupported, name("'torch.load'"), global("torch", "load"));
  expect_pickle_error("dotted", unsupported, name("'torch._utils._rebuild_tensor_v2.__globals__'"),
                      global("torch._utils", "_rebuild_tensor_v2.__globals__"));
  expect_pickle_error("complex", unsupported, name("'torch.ComplexFloatStorage'"),
                      storage("ComplexFloatStorage", "0", 1));
  expect_pickle_error("strange bytes", unsupported, name("'o\\x00s.\\xff'"), global(std::string("o\0s", 3), "\xff"));
  expect_pickle_error("INST", unsupported, name("0x69"), "(ios\nsystem\n");
  expect_pickle_error("OBJ", unsupported, name("0x6f"), "(o");
  expect_pickle_error("NEWOBJ", unsupported, name("0x81"), global("collections", "OrderedDict") + ")\x81");
  expect_pickle_error("EXT1", unsupported, name("0x82"), "\x82\x01");
  expect_pickle_error("PERSID", unsupported, name("0x50"), "P1\n");
  expect_pickle_error("protocol 6", unsupported, name("protocol 6"), "\x80\x06N");
}

GVL_TEST(damaged_pickles_are_named_errors) {
  using namespace pickle;
  const std::string good = tensor(view_of_24({1}, {1}));
  const std::string rebuild = global("torch._utils", "_rebuild_tensor_v2");
  const std::string store = pickle::storage("FloatStorage", "0", 24);
  const struct {
    const char* label;
    std::string instructions;
  } cases[] = {
      {"nothing", ""},
      {"empty stack", "0"},
      {"pop below a mark", "N(0"},
      {"read below a mark", "}(s"},
      {"no mark", "t"},
      {"no mark for list", "e"},
      {"no mark to drop", "1"},
      {"memo never set", "h\x01"},
      {"long memo never set", "j"s + packed<std::uint32_t>(0xFFFFFFFFU)},
      {"append to a dictionary", "}Na"},
      {"member of a list", "]NNs"},
      {"members of nothing", "N(NNu"},
      {"odd members", "}(Nu"},
      {"odd dictionary", "(NNNd"},
      {"call of nothing", "N)R"},
      {"call of a text", text("x") + ")R"},
      {"call without a tuple", global("collections", "OrderedDict") + "NR"},
      {"strange dictionary", global("collections", "OrderedDict") + "N\x85R"},
      {"strange pairs", global("collections", "OrderedDict") + "](Ne\x85R"},
      {"long pairs", global("collections", "OrderedDict") + "](]Nae\x85R"},
      {"size of nothing", global("torch", "Size") + ")R"},
      {"state without object", "b"},
      {"state of nothing", "Nb"},
      {"persistent text", text("0") + "Q"},
      {"short storage", "("s + text("storage") + "tQ"},
      {"other persistent id",
       "("s + text("file") + global("torch", "FloatStorage") + text("0") + text("cpu") + integer(1) + "tQ"},
      {"storage type", "("s + text("storage") + global("torch", "Size") + text("0") + text("cpu") + integer(1) + "tQ"},
      {"storage elements", "("s + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + "NtQ"},
      {"storage key",
       "("s + text("storage") + global("torch", "FloatStorage") + integer(0) + text("cpu") + integer(1) + "tQ"},
      {"long storage key", pickle::storage("FloatStorage", std::string(65, '0'), 24)},
      {"tensor of nothing", rebuild + ")R"},
      {"tensor without strides", rebuild + "(" + store + integer(0) + tuple({1}) + "tR"},
      {"tensor of a text", rebuild + "(" + text("0") + integer(0) + tuple({1}) + tuple({1}) + "tR"},
      {"tensor of a float size", rebuild + "(" + store + integer(0) + "G12345678\x85" + tuple({1}) + "tR"},
      {"tensor of 65 dimensions",
       tensor(view_of_24(std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)))},
      {"parameter of nothing", global("torch._utils", "_rebuild_parameter") + ")R"},
      {"global without name", "ctorch"},
      {"global of no text", "NN\x93"},
      {"text beyond the end", "X"s + packed<std::uint32_t>(0xFFFFFFFFU)},
      {"text far beyond the end", "\x8d"s + packed<std::uint64_t>(UINT64_MAX)},
      {"bytes far beyond the end", "\x8e"s + packed<std::uint64_t>(UINT64_MAX - 20)},
      {"long beyond the end", "\x8b"s + packed<std::uint32_t>(0x80000000U)},
      {"key is not UTF-8", dictionary(member("\xff", good))},
      {"key with a zero", dictionary(member(std::string("a\0b", 3), good))},
      {"long key", dictionary(member(std::string(4097, 'k'), good))},
      {"name twice", dictionary(member("w", good) + member("w", good))},
      {"ambiguous path", dictionary(member("a/b", good) + member("a", dictionary(member("b", good))))},
      {"deep dictionaries",
       [] {
         std::string deep = "}";
         for (int i = 0; i < 40; ++i) deep = dictionary(member("a", deep));
         return deep;
       }()},
  };
  for (const auto& test : cases) expect_pickle_error(test.label, ErrorCode::kMalformed, {}, test.instructions);
}

GVL_TEST(bombs_are_bounded) {
  using namespace pickle;
  const auto malformed = ErrorCode::kMalformed;
  const std::string good = tensor(view_of_24({1}, {1}));
  // Each level holds the one before ten times: 10^20 tensors in a few hundred bytes.
  std::string laughs = good + "q\x00"s;
  for (char level = 1; level <= 20; ++level) {
    laughs += "}";
    for (char i = 0; i < 10; ++i)
      laughs += text(std::string(1, static_cast<char>('a' + i))) + "h" + static_cast<char>(level - 1) + "s";
    laughs += "q"s + std::string(1, level);
  }
  expect_pickle_error("a billion laughs", malformed, {}, laughs);
  std::string empty_laughs = "}q\x00"s;
  for (char level = 1; level <= 20; ++level) {
    empty_laughs += "}";
    for (char i = 0; i < 10; ++i) empty_laughs += integer(i) + "h" + static_cast<char>(level - 1) + "s";
    empty_laughs += "q"s + std::string(1, level);
  }
  expect_pickle_error("a billion empty laughs", malformed, {"repeat each other"}, empty_laughs);
  expect_pickle_error("itself", malformed, {"deeper"}, "}q\x01" + text("a") + "h\x01s");
  expect_pickle_error("two in themselves", malformed, {}, "}q\x01" + text("a") + "h\x01s" + text("b") + "h\x01s");
  expect_pickle_error("one long name", malformed, {"names"}, [&] {
    std::string deep = good;
    for (int i = 0; i < 20; ++i) deep = dictionary(member(std::string(1000, 'n'), deep));
    return deep;
  }());
}

/** What each of many things needs may be little: all of them together are bounded by the file's size. */
GVL_TEST(cost_is_in_proportion) {
  using namespace pickle;
  const TemporaryFolder folder;
  const auto read = [&](const std::string& label, const std::string& instructions) {
    const std::string content = checkpoint(finished(instructions), {floats(24)}).build();
    write_file(folder / "model.pth", content);
    expect_cheap(label, content.size(), [&] {
      const TorchArchive archive = TorchArchive::open(folder / "model.pth");
      for (const std::string& name : archive.names()) archive.get(name);
    });
  };
  // PUT at a number and POP; GET of two.
  const auto keep = [](char number) { return "q"s + number + "0"; };
  const std::string both = "h\x01h\x02";
  // A list of pairs, and a dictionary of it again and again.
  const std::string pairs =
      global("collections", "OrderedDict") + keep(1) + "](" + repeat("NN\x86", 1500) + "e\x85" + keep(2);
  read("copied dictionaries", pairs + "(" + repeat(both + "R", 8000) + "t");
  read("memo by MEMOIZE", "N" + repeat("\x94", 8 << 20));
  std::string puts = "N";
  for (std::uint32_t i = 0; i < 1000000; ++i) puts += "r" + packed(i * 7919);
  read("memo by LONG_BINPUT", puts);
  read("tuples", "N" + repeat("\x85", 500000));
  read("dictionaries", "(" + repeat("}", 250000) + "l");
  read("long lists", "](" + repeat("(", 250000) + repeat("l", 250000) + "e");
  const std::string ones = tuple(std::vector<std::int64_t>(64, 1));
  const std::string wide = global("torch._utils", "_rebuild_tensor_v2") + keep(1) + "(" +
                           storage("FloatStorage", "0", 24) + integer(0) + ones + ones + "\x89Nt" + keep(2);
  read("one tensor again and again", wide + "(" + repeat(both + "R", 32000) + "l");
  std::string tensors = wide + both + "R" + keep(2) + "}";
  for (int i = 0; i < 30000; ++i) tensors += text(std::to_string(i)) + "h\x02s";
  read("one tensor under many names", tensors);
  // Dictionaries in each other, with long names on the way.
  std::string nested = "}q"s + '\0';
  for (char level = 1; level <= 28; ++level) {
    const std::string below = "h"s + static_cast<char>(level - 1) + "s";
    nested += "}" + text(std::string(100, 'k')) + below;
    for (int i = 0; i < 9; ++i) nested += text(std::to_string(i)) + below;
    nested += "q"s + level;
  }
  read("nested dictionaries", nested);
  std::string repeating = "}";
  for (int i = 0; i < 100; ++i) {
    repeating += member(std::to_string(i), tensor({"FloatStorage", "0", 24, 0, {1 << 24}, {0}}));
  }
  read("repeated data", repeating);
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

GVL_TEST(long_pickles_meet_limits) {
  const auto malformed = ErrorCode::kMalformed;
  expect_pickle_error("deep stack", malformed, {"stack"}, "N" + repeat("2", 270000));
  expect_pickle_error("marks", malformed, {"marks"}, repeat("(", 270000));
  expect_pickle_error("values", malformed, {"values"}, repeat("N0", 540000));
  expect_pickle_error("nested tuples", malformed, {}, "N" + repeat("\x85", 540000));
  expect_pickle_error("longer than the limit", malformed, {"limit"}, repeat("N0", 17 << 20));
  const TemporaryFolder folder;
  const std::string nested = "N" + repeat("\x85", 250000);
  ck_assert(open(folder, checkpoint(finished(nested), {}).build()).names().empty());
}

GVL_TEST(damaged_archives_are_named_errors) {
  const ZipBuilder good = with_view(view_of_24({24}, {1}));
  const auto changed = [&](const std::function<void(ZipBuilder&)>& change) {
    ZipBuilder zip = good;
    change(zip);
    return zip.build();
  };
  const auto malformed = ErrorCode::kMalformed;
  const auto unsupported = ErrorCode::kUnsupported;
  const struct {
    const char* label;
    ErrorCode code;
    const char* part;
    std::string content;
  } cases[] = {
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
      {"ZIP64 offsets", malformed, "'model/byteorder'", changed([](auto& zip) {
         zip.zip64 = true;
         zip.local_shift = UINT64_MAX - 100;
       })},
      {"ZIP64 offsets beyond", malformed, "'model/byteorder'", changed([](auto& zip) {
         zip.zip64 = true;
         zip.local_shift = UINT64_C(1) << 62;
       })},
      {"ZIP64 sizes", malformed, "'model/byteorder'", changed([](auto& zip) {
         zip.zip64 = true;
         zip.size_shift = UINT64_MAX - 6;
       })},
      {"ZIP64 huge sizes", malformed, "'model/byteorder'", changed([](auto& zip) {
         zip.zip64 = true;
         zip.size_shift = UINT64_C(1) << 63;
       })},
      {"ZIP64 directory", malformed, "directory", changed([](auto& zip) {
         zip.zip64 = true;
         zip.directory_shift = UINT64_MAX - 1000;
       })},
      {"ZIP64 entries", malformed, "directory", changed([](auto& zip) {
         zip.zip64 = true;
         zip.extra_entries = UINT64_MAX - 4;
       })},
      {"ZIP64 many entries", malformed, "directory", changed([](auto& zip) {
         zip.zip64 = true;
         zip.extra_entries = UINT64_C(1) << 60;
       })},
      {"ZIP64 record", malformed, "ZIP64", changed([](auto& zip) {
         zip.zip64 = true;
         zip.zip64_record_shift = 1;
       })},
      {"ZIP64 record beyond", malformed, "ZIP64", changed([](auto& zip) {
         zip.zip64 = true;
         zip.zip64_record_shift = UINT64_MAX / 2;
       })},
  };
  for (const auto& test : cases) expect_archive_error(test.label, test.code, {test.part}, test.content);
  expect_error("missing", ErrorCode::kNotFound, {"none.pth"}, [] { TorchArchive::open("/nowhere/none.pth"); });
  const TemporaryFolder folder;
  expect_error("folder", ErrorCode::kNotFound, {"is a folder"}, [&] { TorchArchive::open(folder.path()); });
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
