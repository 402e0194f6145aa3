/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gvl/task.hpp"
#include "scenes/conversation.hpp"
#include "scenes/random.hpp"

/** The forms of conversations: how questions and answers are put, whatever they are about. */
namespace gvl::scenes {

/** A question, the right answer first among the options, and what it is about. */
struct Quiz {
  std::string kind;
  std::string question;
  std::vector<Option> options;
  std::vector<Event> events;
  std::vector<TimeRange> moments;
};

/** When something happens, in a clause, and what. */
using Report = std::pair<TimeRange, std::string>;

/** "When does ... occur?" Without moments it does not happen. */
Conversation grounding_form(std::string query, std::string kind, std::vector<TimeRange> moments);

/** Of grounding queries that have several moments, the answer becomes one of them. */
void tell_one_moment(std::vector<Conversation>& talks, Random& random);
Conversation dense_caption_form(const std::vector<Report>& reports);
/** "What happens from ... to ...?", with a lead like "What happens ". */
Conversation referring_form(const std::string& lead, const Report& report);
std::string draw_referring_lead(Random& random);
/** "Describe the video.": a sentence that opens, if there is one, and one for each report, in their order. */
Conversation caption_form(std::string question, std::string opening, const std::vector<Report>& reports);
std::string draw_caption_question(Random& random);
/** "Question: ... Options: (A) ...": the options are shuffled. */
Conversation choice_form(Quiz quiz, Random& random);
/** Only the question, answered by the first option. */
Conversation open_form(const Quiz& quiz);

}  // namespace gvl::scenes
