/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "annotate/endpoint.hpp"
#include "annotation/chat.hpp"
#include "annotation/distractors.hpp"
#include "annotation/grounded_question.hpp"
#include "evaluation/running/prediction_log.hpp"

/** What was made of a video. */
struct VideoQuestions {
  std::vector<gvl::annotation::GroundedQuestion> questions;  ///< that can be used
  std::vector<gvl::annotation::Rejection> rejected;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;  ///< of all answers about it
};

/** Why a video is rejected that --resume asks about again: the request failed, and the next ones did not. */
inline constexpr const char* kNotAnswered = "the server did not answer";

/** What is the same of all requests. */
struct Asking {
  EndpointOptions chat, embeddings;
  gvl::annotation::ChatOptions options;
  std::string embedding_model;
  int attempts = 2;     ///< answers about a video until one has the form
  int connections = 4;  ///< requests at a time
  RequestBudget* budget = nullptr;
  GCancellable* cancellable = nullptr;
};

/**
 * Asks a language model for questions about each video, several at a time. What it answers is kept in `journal` under
 * "VIDEO#ATTEMPT", and what is there is not asked again. Throws HttpError when the server fails for good, Interrupted,
 * BudgetSpent when what was under way is over; gvl::Error(kResource) when the journal cannot be written.
 */
std::vector<VideoQuestions> ask_questions(const std::vector<gvl::annotation::AnnotatedVideo>& videos,
                                          const Asking& asking, gvl::evaluation::PredictionLog& journal);

/** Vectors of texts, by a model; `journal` has each under its text. Throws likewise. */
struct EmbeddedTexts {
  gvl::annotation::Embeddings vectors;  ///< row i is of text i
  std::int64_t prompt_tokens = 0;       ///< of all of them, as far as the server counts
};
EmbeddedTexts embed(const std::vector<std::string>& texts, const Asking& asking,
                    gvl::evaluation::PredictionLog& journal);
