/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>

#include "archive_builder.hpp"
#include "cost.hpp"
#include "io/weights.hpp"
#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

namespace {

std::string safetensors(const std::string& header, const std::string& data) {
  return packed<std::uint64_t>(header.size()) + header + data;
}

// Two tensors and metadata: what the malformed files are made from.
const std::string kHeader =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b.weight":{"dtype":"I16","shape":[4],"data_offsets":[24,32]}})";
const std::string kData = "abcdefghijklmnopqrstuvwxyz012345";

void touch_all(const SafetensorsFile& file) {
  std::uint64_t hash = kHashStart;
  for (const TensorInfo& tensor : file.tensors()) hash = hash_tensor(hash, tensor.name, file.get(tensor.name));
}

struct MalformedHeader {
  const char* header;
  std::vector<std::string> parts;
  ErrorCode code = ErrorCode::kMalformed;
};

const MalformedHeader kMalformedHeaders[] = {
    {"", {"not valid JSON"}},
    {"[]", {"not a JSON object"}},
    {"{", {"not valid JSON"}},
    {"{\"\xff\":1}", {"not UTF-8"}},
    {R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}})", {"nested deeper"}},
    {R"({"a":1})", {"a: expected an object"}},
    {R"({"a":{}})", {"a.dtype: is missing"}},
    {R"({"a":{"dtype":5}})", {"a.dtype: expected a string"}},
    {R"({"a":{"dtype":"F8_E4M3","shape":[],"data_offsets":[0,1]}})", {"a.dtype", "F8_E4M3"}, ErrorCode::kUnsupported},
    {R"({"a":{"dtype":"f32","shape":[],"data_offsets":[0,4]}})", {"a.dtype", "'f32'"}, ErrorCode::kUnsupported},
    {R"({"a":{"dtype":"U8","data_offsets":[0,32]}})", {"a.shape: is missing"}},
    {R"({"a":{"dtype":"U8","shape":32,"data_offsets":[0,32]}})", {"a.shape: expected an array"}},
    {R"({"a":{"dtype":"U8","shape":["32"],"data_offsets":[0,32]}})", {"a.shape[0]: expected an integer"}},
    {R"({"a":{"dtype":"U8","shape":[32.0],"data_offsets":[0,32]}})", {"a.shape[0]: expected an integer"}},
    {R"({"a":{"dtype":"U8","shape":[-32],"data_offsets":[0,32]}})", {"a.shape[0]: -32"}},
    {R"({"a":{"dtype":"U8","shape":[-4,-8],"data_offsets":[0,32]}})", {"a.shape[0]: -4"}},
    {R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", {"a.shape", "too large"}},
    {R"({"a":{"dtype":"U8","shape":[9223372036854775807,3],"data_offsets":[0,32]}})", {"a.shape", "too large"}},
    {R"({"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", {"a.shape", "too large"}},
    {R"({"a":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", {"a.shape", "too large"}},
    {R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,32]}})", {"a.shape[0]"}},
    {R"({"a":{"dtype":"U8","shape":[32]}})", {"a.data_offsets: is missing"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[0]}})", {"a.data_offsets: expected two"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[0,32,32]}})", {"a.data_offsets: expected two"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[-32,0]}})", {"a.data_offsets[0]"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[32,0]}})", {"a.data_offsets", "before the begin"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[0,31]}})", {"a: uint8 [32] needs 32 bytes"}},
    {R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,0]}})", {"a: uint8 [] needs 1 bytes"}},
    {R"({"a":{"dtype":"U8","shape":[33],"data_offsets":[0,33]}})", {"'a'", "outside the 32 bytes"}},
    {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[9223372036854775803,9223372036854775807]}})",
     {"'a'", "outside"}},
    {R"({"a":{"dtype":"U8","shape":[20],"data_offsets":[0,20]},"b":{"dtype":"U8","shape":[20],"data_offsets":[12,32]}})",
     {"'b'", "overlaps"}},
    {R"({"a":{"dtype":"U8","shape":[32],"data_offsets":[0,32]},"b":{"dtype":"U8","shape":[32],"data_offsets":[0,32]}})",
     {"overlaps"}},
    {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[16],"data_offsets":[16,32]}})",
     {"'b'", "hole"}},
    {R"({"a":{"dtype":"U8","shape":[16],"data_offsets":[16,32]}})", {"'a'", "hole"}},
    {R"({"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}})", {"16 bytes after the last tensor"}},
    {"{}", {"32 bytes after the last tensor"}},
    {R"({"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},"a":{"dtype":"U8","shape":[16],"data_offsets":[16,32]}})",
     {"tensor 'a' occurs twice"}},
    {R"({"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},"\u0061":{"dtype":"U8","shape":[16],"data_offsets":[16,32]}})",
     {"tensor 'a' occurs twice"}},
    {R"({"__metadata__":5,"a":{"dtype":"U8","shape":[32],"data_offsets":[0,32]}})", {"__metadata__"}},
    {R"({"__metadata__":{"x":5},"a":{"dtype":"U8","shape":[32],"data_offsets":[0,32]}})", {"__metadata__.x"}},
    {R"({"b\u0001\n":{"dtype":"U8","shape":[31],"data_offsets":[0,32]}})", {"'b\\x01\\x0a'"}},
};

}  // namespace

GVL_TEST(reads_the_fixtures) {
  const struct {
    const char* file;
    std::size_t tensors;
    std::size_t bytes;
    std::uint64_t hash;
  } cases[] = {
      {"llama_c/expected.safetensors", 16, 4366944, 0xa89547261752971dU},
      {"llama_c/llama3-llava-next-8b-seperated/language_model_seperated/model.safetensors", 21, 284640,
       0x437c468f6b911cbeU},
      {"phi_c/expected.safetensors", 16, 2940728, 0xb772d30c8e9843f8U},
      {"phi_c/Phi-3.5-vision-instruct-seperated/language_model_seperated/model.safetensors", 15, 276960,
       0xfee163fa007f9c18U},
  };
  for (const auto& test : cases) {
    const SafetensorsFile file = SafetensorsFile::open(fixture(test.file));
    std::vector<std::string> names;
    for (const TensorInfo& tensor : file.tensors()) names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
    std::uint64_t hash = kHashStart;
    for (const std::string& name : names) hash = hash_tensor(hash, name, file.get(name));
    ck_assert_int_eq(names.size(), test.tensors);
    ck_assert_uint_eq(file.total_bytes(), test.bytes);
    ck_assert_uint_eq(hash, test.hash);
  }
}

GVL_TEST(reads_a_small_file) {
  const TemporaryFolder folder;
  write_file(folder / "a.safetensors", safetensors(kHeader + "   ", kData));
  Tensor a;
  {
    const SafetensorsFile file = SafetensorsFile::open(folder / "a.safetensors");
    ck_assert_int_eq(file.tensors().size(), 2);
    ck_assert(file.contains("a") && !file.contains("c") && !file.contains("__metadata__"));
    expect_text(file.metadata().at("format"), "pt");
    ck_assert(file.info("b.weight").type == DataType::kInt16);
    expect_text(bytes_of(file.get("b.weight")), "yz012345");
    ck_assert_uint_eq(file.total_bytes(), 32);
    a = file.get("a");
    expect_error("absent", ErrorCode::kMalformed, {"a.safetensors", "no tensor 'c'"}, [&] { file.get("c"); });
  }
  expect_text(bytes_of(a), "abcdefghijklmnopqrstuvwx");
  expect_text(to_string(a.shape), "[2, 3]");
}

GVL_TEST(reads_all_types_scalars_and_empty_tensors) {
  const TemporaryFolder folder;
  std::vector<TensorInfo> tensors;
  for (int type = 0; type <= static_cast<int>(DataType::kFloat64); ++type) {
    const auto data_type = static_cast<DataType>(type);
    tensors.push_back({std::string("scalar ") + name_of(data_type), data_type, {}});
    tensors.push_back({std::string("empty ") + name_of(data_type), data_type, {3, 0, INT64_C(1) << 40}});
    tensors.push_back({std::string("two ") + name_of(data_type), data_type, {2, 1}});
  }
  SafetensorsWriter writer(folder / "all.safetensors", tensors, {{"quote \"\\\n", "\xc3\xa9\x01"}});
  std::uint64_t written = kHashStart;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor empty(tensors[i].type, tensors[i].shape);
    const auto data = allocate_tensor_data(empty.bytes());
    std::memset(data.get(), static_cast<int>(i + 1), empty.bytes());
    const Tensor tensor(empty.type, empty.shape, data);
    written = hash_tensor(written, tensors[i].name, tensor);
    writer.write(tensors[i].name, tensor);
  }
  writer.finish();

  const SafetensorsFile file = SafetensorsFile::open(folder / "all.safetensors");
  ck_assert_int_eq(file.tensors().size(), tensors.size());
  std::uint64_t read = kHashStart;
  for (const TensorInfo& tensor : tensors) read = hash_tensor(read, tensor.name, file.get(tensor.name));
  ck_assert_uint_eq(read, written);
  expect_text(file.metadata().at("quote \"\\\n"), "\xc3\xa9\x01");
  ck_assert_int_eq(files_in(folder.path()).size(), 1);
}

GVL_TEST(round_trips_byte_exactly) {
  const TemporaryFolder folder;
  const SafetensorsFile from = SafetensorsFile::open(
      fixture("phi_c/Phi-3.5-vision-instruct-seperated/language_model_seperated/model.safetensors"));
  for (const char* name : {"first.safetensors", "second.safetensors"}) {
    SafetensorsWriter writer(folder / name, from.tensors(), from.metadata());
    for (const TensorInfo& tensor : from.tensors()) writer.write(tensor.name, from.get(tensor.name));
    writer.finish();
  }
  const std::string first = read_file(folder / "first.safetensors");
  ck_assert(first == read_file(folder / "second.safetensors"));
  const std::size_t start = first.size() - from.total_bytes();
  ck_assert_int_eq(start % 64, 0);
  const std::string original = read_file(from.path());
  ck_assert(first.substr(start) == original.substr(original.size() - from.total_bytes()));
  const SafetensorsFile to = SafetensorsFile::open(folder / "first.safetensors");
  for (std::size_t i = 0; i < from.tensors().size(); ++i) {
    expect_text(to.tensors()[i].name, from.tensors()[i].name);
    ck_assert(to.tensors()[i].shape == from.tensors()[i].shape && to.tensors()[i].type == from.tensors()[i].type);
  }
}

GVL_TEST(nothing_appears_before_finish) {
  const TemporaryFolder folder;
  write_file(folder / "m.safetensors", "the old one");
  {
    SafetensorsWriter writer(folder / "m.safetensors", {{"a", DataType::kUInt8, {2}}});
    writer.write("a", as_span("xy"));
    expect_text(read_file(folder / "m.safetensors"), "the old one");
    ck_assert_int_eq(files_in(folder.path()).size(), 2);
  }
  expect_text(read_file(folder / "m.safetensors"), "the old one");
  ck_assert_int_eq(files_in(folder.path()).size(), 1);

  const mode_t mask = umask(022);
  SafetensorsWriter writer(folder / "m.safetensors", {});
  writer.finish();
  umask(mask);
  ck_assert_int_eq(SafetensorsFile::open(folder / "m.safetensors").tensors().size(), 0);
  struct stat status {};
  ck_assert_int_eq(stat((folder / "m.safetensors").c_str(), &status), 0);
  ck_assert_int_eq(status.st_mode & 0777, 0644);
}

GVL_TEST(writer_refuses_misuse) {
  const TemporaryFolder folder;
  const auto declare = [&](std::vector<TensorInfo> tensors) {
    return [&folder, tensors] { SafetensorsWriter(folder / "m.safetensors", tensors); };
  };
  const auto invalid = ErrorCode::kInvalidArgument;
  const TensorInfo a{"a", DataType::kFloat32, {2}};
  expect_error("repeated", invalid, {"m.safetensors", "'a'"}, declare({a, a}));
  expect_error("empty", invalid, {"m.safetensors", "''"}, declare({{"", DataType::kUInt8, {}}}));
  expect_error("reserved", invalid, {"__metadata__"}, declare({{"__metadata__", DataType::kUInt8, {}}}));
  expect_error("not UTF-8", invalid, {"m.safetensors", "\\xff"}, declare({{"\xff", DataType::kUInt8, {}}}));
  expect_error("negative", invalid, {"'a'", "[-1]"}, declare({{"a", DataType::kUInt8, {-1}}}));
  expect_error("overflow", invalid, {"'a'"}, declare({{"a", DataType::kUInt8, {INT64_MAX, 2}}}));
  expect_error("sum", invalid, {"m.safetensors", "too large together"},
               declare({{"a", DataType::kUInt8, {INT64_MAX}}, {"b", DataType::kUInt8, {1}}}));
  expect_error("no folder", ErrorCode::kResource, {"none/m.safetensors"},
               [&] { SafetensorsWriter(folder / "none/m.safetensors", {a}); });

  SafetensorsWriter writer(folder / "m.safetensors", {a});
  expect_error("early", invalid, {"'a'", "not written"}, [&] { writer.finish(); });
  expect_error("other", invalid, {"'b'", "'a'"}, [&] { writer.write("b", as_span("12345678")); });
  expect_error("size", invalid, {"'a'", "expected 8 bytes, found 3"}, [&] { writer.write("a", as_span("123")); });
  expect_error("shape", invalid, {"'a'", "float32 [2]", "int8 [8]"}, [&] {
    writer.write("a", Tensor{DataType::kInt8, {8}, allocate_tensor_data(8)});
  });
  writer.write("a", as_span("12345678"));
  expect_error("late", invalid, {"no more"}, [&] { writer.write("a", as_span("12345678")); });
  writer.finish();
  expect_error("twice", invalid, {"m.safetensors", "finished"}, [&] { writer.finish(); });
}

GVL_TEST(a_full_disk_is_an_error) {
  const TemporaryFolder folder;
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{65536, 65536};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  SafetensorsWriter writer(folder / "big.safetensors", {{"a", DataType::kUInt8, {100000}}});
  expect_error("full", ErrorCode::kResource, {"big.safetensors", "cannot write"},
               [&] { writer.write("a", as_span(std::string(100000, 'x'))); });
  ck_assert_int_eq(files_in(folder.path()).size(), 0);
  expect_error("after", ErrorCode::kInvalidArgument, {"big.safetensors"}, [&] { writer.finish(); });
}

GVL_TEST(malformed_headers_are_named_errors) {
  const TemporaryFolder folder;
  for (const MalformedHeader& test : kMalformedHeaders) {
    write_file(folder / "bad.safetensors", safetensors(test.header, kData));
    std::vector<std::string> parts = test.parts;
    parts.push_back("bad.safetensors");
    expect_error(test.header, test.code, parts, [&] { SafetensorsFile::open(folder / "bad.safetensors"); });
  }
}

GVL_TEST(malformed_files_are_named_errors) {
  const TemporaryFolder folder;
  const std::string many(1000, '1');
  std::string dimensions;
  for (int i = 0; i < 100000; ++i) dimensions += "1,";
  const struct {
    const char* label;
    std::string content;
  } cases[] = {
      {"empty", ""},
      {"short", "1234567"},
      {"no header", packed<std::uint64_t>(10)},
      {"length beyond the file", packed<std::uint64_t>(kHeader.size() + 33) + kHeader + kData},
      {"huge length", packed<std::uint64_t>(UINT64_MAX) + kHeader + kData},
      {"length that wraps around", packed<std::uint64_t>(UINT64_MAX - 7) + kHeader + kData},
      {"length over the limit", packed<std::uint64_t>(100'000'001) + kHeader + kData},
      {"zero length", packed<std::uint64_t>(0) + kHeader + kData},
      {"deep", safetensors(std::string(500000, '['), "")},
      {"many dimensions",
       safetensors(R"({"a":{"dtype":"U8","shape":[)" + dimensions + R"(1],"data_offsets":[0,1]}})", "x")},
      {"text", "<html>this is no model</html>"},
      {"padding that is no space", safetensors(kHeader + std::string(3, '\0'), kData)},
      {"one byte too many", safetensors(kHeader, kData + "x")},
  };
  for (const auto& test : cases) {
    write_file(folder / "bad.safetensors", test.content);
    expect_error(test.label, ErrorCode::kMalformed, {"bad.safetensors"},
                 [&] { SafetensorsFile::open(folder / "bad.safetensors"); });
  }
  expect_error("missing", ErrorCode::kNotFound, {"none.safetensors"},
               [&] { SafetensorsFile::open(folder / "none.safetensors"); });
}

GVL_TEST(survives_truncation_and_mutation) {
  const TemporaryFolder folder;
  const std::string good = safetensors(kHeader, kData);
  for (std::size_t length = 0; length < good.size(); ++length) {
    write_file(folder / "bad.safetensors", good.substr(0, length));
    expect_error("cut at " + std::to_string(length), ErrorCode::kMalformed, {"bad.safetensors"},
                 [&] { SafetensorsFile::open(folder / "bad.safetensors"); });
  }
  Random random;
  int loaded = 0;
  for (int i = 0; i < 10000; ++i) {
    write_file(folder / "bad.safetensors", mutate(good, random));
    loaded += loads_or_throws("bad.safetensors", [&] { touch_all(SafetensorsFile::open(folder / "bad.safetensors")); });
  }
  ck_assert(loaded > 0 && loaded < 10000);
}

/** A header of nothing but tensors without elements. */
GVL_TEST(cost_is_in_proportion) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& label, std::string header, std::size_t data) {
    header.resize((header.size() + 7) / 8 * 8, ' ');
    write_file(folder / "a.safetensors", packed<std::uint64_t>(header.size()) + header + std::string(data, '\0'));
    expect_cheap(label, 8 + header.size() + data, [&] { Weights::open(folder / "a.safetensors"); });
  };
  const auto empty = [](std::size_t i) {
    return "\"" + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  };
  read("tensors", "{" + joined(300000, empty) + "}", 0);
  read("an empty array", "{\"a\":[" + joined(4000000, [](std::size_t) { return "0"; }) + "]}", 0);
  read(
      "metadata",
      "{\"__metadata__\":{" + joined(500000, [](std::size_t i) { return "\"" + std::to_string(i) + "\":\"\""; }) + "}}",
      0);
}
