/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "training/conversation_file.hpp"

namespace gvl::annotation {

/** What a file of conversations has. */
struct Statistics {
  std::size_t records = 0, videos = 0;
  std::size_t turns = 0;           ///< questions with their answers
  std::size_t multiple_choice = 0; /**< of these, with options "(A)", "(B)" */
  std::size_t with_times = 0;      ///< answers that have times
  std::size_t intervals = 0;       ///< of two times that follow each other in these answers
  std::size_t reversed = 0;        ///< intervals that stop before they start
  std::size_t repeated = 0;        ///< turns that an earlier record of the video has, question and answer
  std::vector<double> lengths;     ///< of the intervals that are not reversed, in seconds, in order of size
  std::map<std::string, std::size_t> datasets;  ///< records of each
  std::map<std::size_t, std::size_t> options;   ///< multiple-choice questions by how many options they have
  std::map<std::string, std::size_t> letters;   ///< right answers by their letters; "?" where there is none
  std::map<std::string, std::size_t> openings;  ///< turns by the first word of their questions, in lower case

  /** Lines that end with a newline. */
  std::string to_text() const;
  std::string to_json() const;
};

Statistics statistics_of(const std::vector<training::ConversationRecord>& records);

}  // namespace gvl::annotation
