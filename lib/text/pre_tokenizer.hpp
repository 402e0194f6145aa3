/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/budget.hpp"
#include "io/json.hpp"

struct pcre2_real_code_8;

namespace gvl::text {

/** Visits words, or parts of them, in order. */
using VisitWord = std::function<void(std::string)>;

/** Visits the bytes of a text from `start` up to `stop`, which a pattern matches or not. */
using VisitRange = std::function<void(std::size_t start, std::size_t stop, bool match)>;

/**
 * A regular expression of a tokenizer. The library that wrote it uses Oniguruma, we PCRE2: the published patterns
 * (GPT-2, LLaMA 3, Qwen, CLIP) mean the same in both. Thread safe.
 */
class SplitPattern {
 public:
  /** `place` stands for the pattern in errors: Error(kMalformed) when it is no regular expression, or too large a one.
   */
  SplitPattern(const std::string& pattern, const io::JsonValue& place);
  /** The same for a pattern of our own, which is known to be right. */
  explicit SplitPattern(const char* pattern);

  /**
   * Visits the matches and what lies between them, in order and none empty. All that matching does is taken from
   * `work`, also what it does in vain. Throws Error(kResource) when that, or 16 MiB of memory, do not do.
   */
  void visit(const std::string& text, io::Budget& work, const VisitRange& visit) const;

  /** Bytes that the compiled pattern needs. */
  std::size_t memory() const;

 private:
  std::shared_ptr<const pcre2_real_code_8> code_;
};

/** The `pre_tokenizer` of a tokenizer.json: null, Split, ByteLevel, and sequences of them. Thread safe. */
class PreTokenizer {
 public:
  PreTokenizer() = default;
  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit PreTokenizer(const io::JsonValue& pre_tokenizer);

  /** Normalized text, not empty -> words for the model, one in memory at a time. */
  void split(std::string text, io::Budget& work, const VisitWord& visit) const {
    apply(0, std::move(text), work, visit);
  }

  /** Bytes that the patterns need. */
  std::size_t memory() const;

 private:
  struct Step {
    std::shared_ptr<const SplitPattern> pattern;  // may be null: no split
    bool keeps_matches = true;
    bool keeps_rest = true;   // what lies between matches
    bool byte_level = false;  // ends in the byte alphabet
    bool add_prefix_space = false;
  };

  void add_steps(const io::JsonValue& pre_tokenizer);
  void add_split(const io::JsonValue& split);
  void add_byte_level(const io::JsonValue& byte_level);
  void apply(std::size_t step, std::string word, io::Budget& work, const VisitWord& visit) const;

  std::vector<Step> steps_;
};

}  // namespace gvl::text
