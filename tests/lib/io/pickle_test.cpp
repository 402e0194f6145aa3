/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What a checkpoint's pickle may do: name tensors, and nothing else. Hostile and damaged ones are errors, at a cost
// that the file's size bounds.

#include <array>
#include <vector>

#include "cost.hpp"
#include "torch_archive_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;
using namespace std::string_literals;

namespace {

struct DamagedPickle {
  const char* label;
  std::string instructions;
};

void expect_malformed(const std::vector<DamagedPickle>& cases) {
  for (const auto& test : cases) expect_pickle_error(test.label, ErrorCode::kMalformed, {}, test.instructions);
}

std::string nested_dictionaries(std::size_t levels, const std::string& key, std::string innermost) {
  for (std::size_t i = 0; i < levels; ++i) innermost = pickle::dictionary(pickle::member(key, innermost));
  return innermost;
}

/** What each of many things needs may be little: all of them together are bounded by the file's size. */
void expect_cheap_to_read(const std::string& label, const std::string& instructions) {
  const TemporaryFolder folder;
  const std::string content = checkpoint(finished(instructions), {floats(24)}).build();
  write_file(folder / "model.pth", content);
  expect_cheap(label, content.size(), [&] {
    const TorchArchive archive = TorchArchive::open(folder / "model.pth");
    for (const std::string& name : archive.names()) archive.get(name);
  });
}

/** PUT at a number and POP. */
std::string keep(char number) { return "q"s + number + "0"; }

/** GET of two. */
const std::string kBoth = "h\x01h\x02";

}  // namespace

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

GVL_TEST(instructions_out_of_place_are_errors) {
  using namespace pickle;
  expect_malformed({
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
  });
}

GVL_TEST(damaged_tensors_are_errors) {
  using namespace pickle;
  const std::string rebuild = global("torch._utils", "_rebuild_tensor_v2");
  const std::string store = pickle::storage("FloatStorage", "0", 24);
  expect_malformed({
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
  });
}

GVL_TEST(damaged_texts_and_names_are_errors) {
  using namespace pickle;
  const std::string good = tensor(view_of_24({1}, {1}));
  expect_malformed({
      {"text beyond the end", "X"s + packed<std::uint32_t>(0xFFFFFFFFU)},
      {"text far beyond the end", "\x8d"s + packed<std::uint64_t>(UINT64_MAX)},
      {"bytes far beyond the end", "\x8e"s + packed<std::uint64_t>(UINT64_MAX - 20)},
      {"long beyond the end", "\x8b"s + packed<std::uint32_t>(0x80000000U)},
      {"key is not UTF-8", dictionary(member("\xff", good))},
      {"key with a zero", dictionary(member(std::string("a\0b", 3), good))},
      {"long key", dictionary(member(std::string(4097, 'k'), good))},
      {"name twice", dictionary(member("w", good) + member("w", good))},
      {"ambiguous path", dictionary(member("a/b", good) + member("a", dictionary(member("b", good))))},
      {"deep dictionaries", nested_dictionaries(40, "a", "}")},
  });
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
  expect_pickle_error("one long name", malformed, {"names"}, nested_dictionaries(20, std::string(1000, 'n'), good));
}

GVL_TEST(cost_of_values_is_in_proportion) {
  using namespace pickle;
  // A list of pairs, and a dictionary of it again and again.
  const std::string pairs =
      global("collections", "OrderedDict") + keep(1) + "](" + repeat("NN\x86", 1500) + "e\x85" + keep(2);
  expect_cheap_to_read("copied dictionaries", pairs + "(" + repeat(kBoth + "R", 8000) + "t");
  expect_cheap_to_read("memo by MEMOIZE", "N" + repeat("\x94", 8 << 20));
  std::string puts = "N";
  for (std::uint32_t i = 0; i < 1000000; ++i) puts += "r" + packed(i * 7919);
  expect_cheap_to_read("memo by LONG_BINPUT", puts);
  expect_cheap_to_read("tuples", "N" + repeat("\x85", 500000));
  expect_cheap_to_read("dictionaries", "(" + repeat("}", 250000) + "l");
  expect_cheap_to_read("long lists", "](" + repeat("(", 250000) + repeat("l", 250000) + "e");
}

GVL_TEST(cost_of_tensors_is_in_proportion) {
  using namespace pickle;
  const std::string ones = tuple(std::vector<std::int64_t>(64, 1));
  const std::string wide = global("torch._utils", "_rebuild_tensor_v2") + keep(1) + "(" +
                           storage("FloatStorage", "0", 24) + integer(0) + ones + ones + "\x89Nt" + keep(2);
  expect_cheap_to_read("one tensor again and again", wide + "(" + repeat(kBoth + "R", 32000) + "l");
  std::string tensors = wide + kBoth + "R" + keep(2) + "}";
  for (int i = 0; i < 30000; ++i) tensors += text(std::to_string(i)) + "h\x02s";
  expect_cheap_to_read("one tensor under many names", tensors);
  // Dictionaries in each other, with long names on the way.
  std::string nested = "}q"s + '\0';
  for (char level = 1; level <= 28; ++level) {
    const std::string below = "h"s + static_cast<char>(level - 1) + "s";
    nested += "}" + text(std::string(100, 'k')) + below;
    for (int i = 0; i < 9; ++i) nested += text(std::to_string(i)) + below;
    nested += "q"s + level;
  }
  expect_cheap_to_read("nested dictionaries", nested);
  std::string repeating = "}";
  for (int i = 0; i < 100; ++i) {
    repeating += member(std::to_string(i), tensor({"FloatStorage", "0", 24, 0, {1 << 24}, {0}}));
  }
  expect_cheap_to_read("repeated data", repeating);
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
