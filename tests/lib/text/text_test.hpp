#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../io/io_test.hpp"
#include "gvl/config.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"
#include "text/temporal.hpp"
#include "text/tokenizer.hpp"

namespace gvl::text::test {

using io::test::expect_error;
using io::test::expect_text;

/** One reference fixture with its tokenizer, temporal tokens added. */
struct Fixture {
  explicit Fixture(const std::filesystem::path& path)
      : name(path.filename()),
        folder(path),
        tokenizer(std::make_shared<Tokenizer>(Tokenizer::load(path / "tokenizer/tokenizer.json"))),
        temporal(*tokenizer, io::JsonValue::load(path / "model.json").integer("num_temporal_tokens")),
        expected(io::JsonValue::load(path / "expected.json")),
        tensors(io::SafetensorsFile::open(path / "expected.safetensors")) {}

  LanguageModelType type() const {
    return name.rfind("phi", 0) == 0 ? LanguageModelType::kPhi3 : LanguageModelType::kLlama;
  }
  double duration() const { return expected.number("duration"); }
  std::vector<std::int64_t> ids(const std::string& tensor) const {
    const Tensor values = tensors.get(tensor);
    std::vector<std::int64_t> result(static_cast<std::size_t>(values.elements()));
    std::memcpy(result.data(), values.data.get(), values.bytes());
    return result;
  }

  std::string name;
  std::filesystem::path folder;
  std::shared_ptr<Tokenizer> tokenizer;
  TemporalTokens temporal;
  io::JsonValue expected;
  io::SafetensorsFile tensors;
};

/** The committed fixtures, and those that may not be redistributed where they are at hand. */
inline std::vector<std::filesystem::path> fixture_folders() {
  std::vector<std::filesystem::path> folders;
  for (const char* name : {"phi_c", "llama_c"}) folders.push_back(io::test::fixture(name));
  const char* shared = std::getenv("GVL_TEST_SHARED");
  for (const char* name : {"phi_a", "llama_a"}) {
    if (!shared) break;
    const auto folder = std::filesystem::path(shared) / "reference" / name;
    if (std::filesystem::exists(folder)) folders.push_back(folder);
  }
  return folders;
}

inline std::vector<std::int64_t> integers(const io::JsonValue& array) {
  std::vector<std::int64_t> values;
  for (const io::JsonValue& value : array.elements()) values.push_back(value.as_integer());
  return values;
}

inline std::string to_text(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const std::int64_t id : ids) text += std::to_string(id) + " ";
  return text;
}

inline void expect_ids(const std::string& label, const std::vector<std::int64_t>& found,
                       const std::vector<std::int64_t>& expected) {
  ck_assert_msg(found == expected, "%s: found %s, expected %s", label.c_str(), to_text(found).c_str(),
                to_text(expected).c_str());
}

}  // namespace gvl::text::test
