/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/config.hpp"
#include "gvl/task.hpp"
#include "io/language_model.hpp"
#include "text/temporal.hpp"
#include "text/tokenizer.hpp"

namespace gvl::text {

/** A prompt's ids around the place of the video tokens. */
struct PromptTokens {
  std::vector<std::int64_t> before_video;
  std::vector<std::int64_t> after_video;
};

/** A prompt and its answer, to train on. */
struct TrainingTokens {
  PromptTokens tokens;           ///< with the answer and its end token
  std::size_t answer_start = 0;  ///< index of the answer's first id in `tokens.after_video`
};

/** A query's text without white space around it. Throws Error(kInvalidArgument) where it is empty or not UTF-8. */
std::string require_query(const Query& query);

/** The prompts that the released weights of a language model were trained on. */
PromptConfig default_prompts(const io::LanguageModel& model);

/**
 * Makes prompts of questions. All members are thread safe.
 *
 * The text of a query is a user's: in it only temporal tokens <0> ... <M> are read as tokens. Everything else that
 * looks like one ("<|end|>", "<timestamp_grounding>", "<image>", "{query}") stays plain characters, so no query can
 * open or close a turn or move the video.
 */
class PromptBuilder {
 public:
  /**
   * `temporal` are the tokens that `tokenizer` has. Throws Error(kMalformed) naming the prompt at fault when a prompt
   * does not have `<image>` once, or lacks the place for its query, or the end token is no token.
   */
  PromptBuilder(std::shared_ptr<const Tokenizer> tokenizer, TemporalTokens temporal, PromptConfig prompts);

  /**
   * The prompt for a query about a video of `duration` seconds. Times in a referring query become temporal tokens as
   * read_times() says; one that is nothing but two times becomes "What is happening from <a> to <b>?". White space
   * around a query does not count. Throws Error(kInvalidArgument) for a query that is empty (dense captioning needs
   * none) or not UTF-8, for a referring query without two times where the prompt needs them, and for a duration that
   * is not positive.
   */
  PromptTokens build(const Query& query, const TimeScale& scale) const;

  /**
   * A training example: a user turn as in training data, with `<image>` once and <timestamp_grounding> where it
   * belongs, and the answer to it, its end token not included. In both only temporal tokens and
   * <timestamp_grounding> are read as tokens. Throws Error(kInvalidArgument).
   */
  TrainingTokens build_training(std::string_view user_turn, std::string_view answer) const;

  /** How many ids of build_training()'s `after_video` the first part of a user turn, with its `<image>`, makes. */
  std::size_t ids_after_video(std::string_view start_of_user_turn) const;

  /** The token that an answer begins with when it says that something does not happen; none where none does. */
  std::optional<std::int64_t> absent_id() const noexcept { return absent_id_; }

  /** The id of the token that ends an answer. */
  std::int64_t end_id() const noexcept { return end_id_; }
  const Tokenizer& tokenizer() const noexcept { return *tokenizer_; }
  const TemporalTokens& temporal() const noexcept { return temporal_; }

 private:
  struct Text;

  const std::string& template_of(Task task) const;
  std::int64_t first_answer_id(const std::string& answer) const;
  std::vector<std::int64_t> encode(const Text& text, bool add_special, bool permit_grounding) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  TemporalTokens temporal_;
  PromptConfig prompts_;
  std::int64_t end_id_ = 0;
  std::optional<std::int64_t> absent_id_;
};

}  // namespace gvl::text
