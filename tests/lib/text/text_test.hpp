/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../io/io_test.hpp"
#include "gvl/config.hpp"
#include "io/json.hpp"
#include "io/language_model.hpp"
#include "support/reference.hpp"
#include "text/temporal.hpp"
#include "text/tokenizer.hpp"

namespace gvl::text::test {

using gvl::test::fixture_folders;
using gvl::test::integers;
using io::test::expect_error;
using io::test::expect_text;

/** A reference fixture with its tokenizer, temporal tokens added. */
struct Fixture : gvl::test::Fixture {
  explicit Fixture(const std::filesystem::path& path)
      : gvl::test::Fixture(open(path)),
        name(path.filename()),
        tokenizer(std::make_shared<Tokenizer>(Tokenizer::load(path / "tokenizer/tokenizer.json"))),
        temporal(*tokenizer, io::JsonValue::load(path / "model.json").integer("num_temporal_tokens")) {}

  const io::LanguageModel& model() const { return io::language_model(name.rfind("phi", 0) == 0 ? "phi3" : "llama"); }

  std::string name;
  std::shared_ptr<Tokenizer> tokenizer;
  TemporalTokens temporal;
};

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
