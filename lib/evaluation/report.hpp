/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "evaluation/choice.hpp"
#include "evaluation/dense_captioning.hpp"
#include "evaluation/grounding.hpp"
#include "evaluation/roc_auc.hpp"

namespace gvl::evaluation {

/** One line of a report: all queries of a section, or those of a kind. */
struct ReportRow {
  std::string kind;  ///< "overall" for all
  std::vector<std::size_t> counts;
  std::vector<double> values;  ///< in [0, 1]; 0 where counts allow none
};

/** What one task's results come to. */
struct ReportSection {
  std::string name;  ///< grounding, absent, multiple_choice, dense_captioning
  std::vector<std::string> count_names;
  std::vector<std::string> value_names;
  ReportRow overall;
  std::vector<ReportRow> kinds;  ///< worst first, equal ones by name; those that have no value last
};

/**
 * Results of an evaluation, by kind: any label in UTF-8. "Worst" is the lowest
 * mIoU, AUC, accuracy or SODA_c F1. Everything is computed when it is asked for. Not thread safe while adding.
 */
class Report {
 public:
  /** Throws as grounding_iou() does. */
  void add_grounding(const std::string& kind, const Grounding& grounding);
  /** How sure the model is that the event is there, and whether it is. Throws Error(kInvalidArgument) for NaN. */
  void add_presence(const std::string& kind, double score, bool present);
  void add_choice(const std::string& kind, const Choice& choice);
  /** Of dense_captioning_score(). */
  void add_dense_captioning(const std::string& kind, const DenseCaptioningScore& video);

  /** Always the same four, in the same order, with or without results. */
  std::vector<ReportSection> sections() const;
  /** Aligned plain text, numbers with 4 decimals, without sections that have no results. Ends with a newline. */
  std::string to_table() const;
  /** An object of the four sections, each {"overall": row, "kinds": [row, ...]}. Ends with a newline. */
  std::string to_json() const;

 private:
  struct Scores {
    std::vector<double> present;
    std::vector<double> absent;
  };

  std::map<std::string, std::vector<double>> ious_;
  std::map<std::string, Scores> presences_;
  std::map<std::string, std::vector<Choice>> choices_;
  std::map<std::string, std::vector<DenseCaptioningScore>> videos_;
};

}  // namespace gvl::evaluation
