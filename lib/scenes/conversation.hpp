/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gvl/task.hpp"
#include "scenes/scene.hpp"

namespace gvl::scenes {

/** An option of a multiple-choice question. */
struct Option {
  std::string text;
  std::size_t end = 0;            ///< bytes of Conversation::question up to its end
  std::optional<EventKind> kind;  ///< of the event that it tells or says a time of; none for "red", "twice"
  Side side = Side::kNone;
  std::optional<double> start;  ///< when that event begins; none where it does not happen
};

/** A question about a generated video with its only right answer. Times stand in both as `<seconds>`, "<12.50>". */
struct Conversation {
  Task task = Task::kGrounding;
  std::string kind;      ///< what is measured apart: an event kind's name, or that of the question's form;
                         ///< "absent" for a grounding query for what does not happen
  std::string query;     ///< what a user would type: the description alone for grounding, the question otherwise
  std::string question;  ///< the user turn as trained on, with "<image>" (and " <timestamp_grounding>")
  std::string answer;
  std::vector<Event> events;       ///< of a Scene, what the answer is about; none for what does not happen
  std::vector<TimeRange> moments;  ///< when that is, as the answer to a grounding query says it; none likewise
  std::vector<int> things;         ///< of a watched scene, what is asked for: places in things()
  std::vector<Option> options;     ///< of a multiple-choice question
  int right_option = -1;
};

/** How many conversations of each form are wanted; fewer come where a scene does not have enough to ask about. */
struct ConversationOptions {
  int grounding = 8;
  int absent = 2;  ///< grounding queries for what does not happen
  int dense_caption = 1;
  int referring = 2;
  int multiple_choice = 3;
  int open_question = 1;
  int caption = 1;  ///< describe the whole video in words, without times
  /** Draw words from the phrasings that training never sees: to measure what the model makes of new words. */
  bool held_out_phrasings = false;
  /** Of what happens several times, an answer to a grounding query tells one time, drawn at random, instead of all. */
  bool one_moment = false;
  bool invented_words = false;  ///< watched scenes: some nouns that a detector does not know are no words at all
};

/** Conversations about `scene`, drawn with `seed`. The same arguments give the same conversations. Thread safe. */
std::vector<Conversation> converse(const Scene& scene, std::uint64_t seed, const ConversationOptions& options);

}  // namespace gvl::scenes
