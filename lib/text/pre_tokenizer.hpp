#pragma once

#include <glib.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"

namespace gvl::text {

/**
 * A regular expression of a tokenizer. The library that wrote it uses Oniguruma, we PCRE2: the published patterns
 * (GPT-2, LLaMA 3, Qwen) mean the same in both. Thread safe.
 */
class SplitPattern {
 public:
  /** `place` stands for the pattern in errors: Error(kMalformed) when it is no regular expression. */
  SplitPattern(const std::string& pattern, const io::JsonValue& place);
  /** The same for a pattern of our own, which is known to be right. */
  explicit SplitPattern(const char* pattern);

  /**
   * Appends the matches and, unless `drop_matches`, also what lies between them to `words`, in order and none empty.
   * With `drop_matches` only what lies between. Throws Error(kResource) when matching takes too long.
   */
  void split(const std::string& text, bool drop_matches, std::vector<std::string>& words) const;

 private:
  std::shared_ptr<GRegex> regex_;
};

/** The `pre_tokenizer` of a tokenizer.json: null, Split, ByteLevel, and sequences of them. Thread safe. */
class PreTokenizer {
 public:
  PreTokenizer() = default;
  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit PreTokenizer(const io::JsonValue& pre_tokenizer);

  /** Normalized text -> words for the model. */
  std::vector<std::string> split(std::string text) const;

 private:
  struct Step {
    std::shared_ptr<const SplitPattern> pattern;  // may be null: no split
    bool drop_matches = false;
    bool byte_level = false;  // ends in the byte alphabet
    bool add_prefix_space = false;
  };

  void add_steps(const io::JsonValue& pre_tokenizer);
  void add_split(const io::JsonValue& split);
  void add_byte_level(const io::JsonValue& byte_level);
  static void apply(const Step& step, std::string word, std::vector<std::string>& words);

  std::vector<Step> steps_;
};

}  // namespace gvl::text
