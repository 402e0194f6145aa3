/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annotation/grounded_question.hpp"

/** What a language model is asked and what it answers, in the form of OpenAI's interface. */
namespace gvl::annotation {

struct ChatOptions {
  std::string model;
  std::uint64_t seed = 0;
  std::optional<double> temperature;             ///< none: the server's own
  std::optional<std::int64_t> max_answer_tokens; /**< none: the server's own */
  int questions = 5;                             ///< at most, about a video
  bool asks_for_schema = true;                   ///< by response_format, which not every server has
};

/** An answer that could not be used, and why: the model is asked again with both. */
struct FailedAnswer {
  std::string content;
  std::string fault;
};

/** A request for questions about a video, the `attempt`th from 0. */
std::string chat_request(const AnnotatedVideo& video, const ChatOptions& options, int attempt,
                         const std::optional<FailedAnswer>& before);

/** What a model answered, as far as it is kept. */
struct ChatAnswer {
  std::string content;
  std::string fault;  ///< why it is no answer: it is cut off, say; else empty
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
};

/** An answer of the interface. Throws Error(kMalformed) naming `source` where it has another form. */
ChatAnswer read_chat_answer(const std::string& body, const std::string& source);

/** Questions as the model was asked to write them. Throws Error(kMalformed) where it did not. */
std::vector<GroundedQuestion> read_questions(const std::string& content);

/** Vectors of texts, as one request. */
std::string embedding_request(const std::vector<std::string>& texts, const std::string& model);

struct EmbeddingAnswer {
  std::vector<std::vector<float>> vectors;  ///< of length 1
  std::int64_t prompt_tokens = 0;
};

/** An answer to a request of `count` texts. Throws Error(kMalformed) naming `source` where it is none. */
EmbeddingAnswer read_embeddings(const std::string& body, const std::string& source, std::size_t count);

}  // namespace gvl::annotation
