/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/bpe_trainer.hpp"

#include "../text/text_test.hpp"
#include "text/tokenizer.hpp"

using namespace gvl;
using namespace gvl::text::test;

namespace {

const std::vector<std::string> kTexts{"the picture freezes", "the picture goes black", "The picture freezes.",
                                      "when does the picture freeze?"};

text::Tokenizer trained(std::size_t vocabulary) {
  const io::test::TemporaryFolder root;
  const auto file = root / "tokenizer.json";
  std::ofstream(file) << training::train_byte_level_bpe(kTexts, vocabulary, {"<|end|>"});
  return text::Tokenizer::load(file);
}

GVL_TEST(test_frequent_words_become_tokens) {
  const text::Tokenizer tokenizer = trained(300);
  ck_assert_int_eq(static_cast<int>(tokenizer.encode(" picture").size()), 1);
  ck_assert(tokenizer.encode(" zebra").size() > 1);
  ck_assert(tokenizer.token_to_id("<|end|>").has_value());
}

GVL_TEST(test_anything_survives) {
  const text::Tokenizer tokenizer = trained(300);
  for (const std::string& text : {std::string("the picture freezes"), std::string("caf\u00e9 \u2014 \u732b\n\t\"q\""),
                                  std::string("UPPER  two  spaces"), std::string("\x01\x7f")}) {
    const std::string decoded = tokenizer.decode(tokenizer.encode(text));
    ck_assert_str_eq(decoded.c_str(), text.c_str());
  }
}

GVL_TEST(test_merges_stop_where_nothing_is_left) {
  // More than there are pairs that occur twice: a tokenizer of what there is.
  const std::string one = training::train_byte_level_bpe(kTexts, 100000, {});
  ck_assert_msg(one == training::train_byte_level_bpe(kTexts, 100000, {}), "the same texts gave another tokenizer");
  ck_assert(one.size() < 100000);
  try {
    training::train_byte_level_bpe(kTexts, 255, {});
    ck_abort_msg("255 tokens were enough for 256 bytes");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kInvalidArgument);
  }
}

}  // namespace
