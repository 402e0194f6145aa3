/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/budget.hpp"
#include "io/json.hpp"
#include "text/added_vocabulary.hpp"
#include "text/bpe.hpp"
#include "text/decoder.hpp"
#include "text/normalizer.hpp"
#include "text/pre_tokenizer.hpp"

namespace gvl::text {

/** Bytes of a text, from `start` up to `stop`. */
struct ByteRange {
  std::size_t start = 0;
  std::size_t stop = 0;
};

struct EncodeOptions {
  bool add_special = true;           ///< what the post-processor adds, such as a BOS token
  std::vector<ByteRange> untrusted;  ///< where the text came from a user
  /** Which added tokens untrusted text may name; empty: none. Others are read there as plain characters. */
  AddedVocabulary::Permitted permitted;
};

/**
 * A tokenizer in Hugging Face's format, tokenizer.json, that gives the ids and texts that the `tokenizers` library
 * gives. It knows byte pair encoding and what tokenizers of Phi-3, LLaMA-3 and CLIP are made of (see the parts'
 * headers); anything else in a file is an Error(kUnsupported). The `truncation` and `padding` members are ignored.
 *
 * Loading costs memory and steps in proportion to the file (io/budget.hpp), and so does encoding or decoding in
 * proportion to the text, whatever the file makes of it: its normalizer, decoder, patterns and added tokens share one
 * budget per text (TextBudget).
 *
 * Const members are thread safe.
 */
class Tokenizer {
 public:
  /** Throws Error(kNotFound), Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  static Tokenizer load(const std::filesystem::path& file);
  /** The same for JSON in memory; `source` stands for the file in messages. */
  static Tokenizer parse(std::string_view json, std::string source);

  /**
   * Adds ordinary tokens (normalized, not special) after the highest id, except those that exist already: these keep
   * their id. Gives the tokens' ids in order. Throws Error(kInvalidArgument) for one that is empty, not UTF-8 or too
   * long; then none is added.
   */
  std::vector<std::int64_t> add_tokens(std::span<const std::string> tokens);

  /**
   * Throws Error(kInvalidArgument) when `text` is not UTF-8, Error(kResource) when it is longer than 4 MiB or the
   * tokenizer needs more for it than a text may cost. U+0000 is a character like others.
   */
  std::vector<std::int64_t> encode(std::string_view text, bool add_special = true) const;
  std::vector<std::int64_t> encode(std::string_view text, const EncodeOptions& options) const;

  /**
   * Valid UTF-8: bytes that are none become U+FFFD. Ids that no token has are passed over, special tokens only with
   * `skip_special`. Throws Error(kResource) when the tokens make a text longer than 64 KiB and 256 bytes a token.
   */
  std::string decode(std::span<const std::int64_t> ids, bool skip_special = true) const;

  std::optional<std::int64_t> token_to_id(std::string_view token) const;
  /** A token as it is in the file ("Ġthe", "▁the"), an added one with its content. */
  std::optional<std::string> id_to_token(std::int64_t id) const;
  /** One more than the highest id. */
  std::int64_t size() const noexcept { return size_; }

 private:
  Tokenizer(const io::JsonValue& root, const CutTokenizer& cut, io::Budget& budget);

  void load_added_token(const io::JsonValue& value, io::Budget& budget);
  void load_post_processor(const io::JsonValue& post_processor);
  std::int64_t load_pair(const io::JsonValue& pair) const;
  void load_template(const io::JsonValue& processor);
  std::vector<std::int64_t> load_template_ids(const io::JsonValue& processor, const io::JsonValue& item) const;

  void add(AddedToken token, io::Budget& budget);
  void encode_normalized(const Piece& piece, const EncodeOptions& options, io::Budget& work,
                         std::vector<std::int64_t>& ids) const;

  Bpe model_;
  AddedVocabulary added_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  Decoder decoder_;
  std::vector<std::int64_t> before_;  // what the post-processor puts around the ids
  std::vector<std::int64_t> after_;
  std::int64_t size_ = 0;
};

}  // namespace gvl::text
