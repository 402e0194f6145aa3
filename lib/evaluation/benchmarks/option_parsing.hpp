/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "evaluation/benchmarks/names.hpp"

namespace gvl::evaluation {

/** By whose rule an answer's text becomes an option of a multiple-choice question. */
enum class OptionRule {
  kNotebook,      ///< MVBench: check_ans of OpenGVLab/Ask-Anything video_chat2/mvbench.ipynb, of "(" and the first line
  kNotebookText,  ///< MVBench: the notebook's check_ans of the answer as it is
  kTimeChat,      ///< MVBench: check_ans of RenShuhuai-Andy/TimeChat benchmark/evaluate_mvbench.py
  kLmmsMvbench,   ///< MVBench: mcq_acc of EvolvingLMMs-Lab/lmms-eval lmms_eval/tasks/mvbench/utils.py
  kEtbench,       ///< MVBench: the first character, PolyU-ChenLab/ETBench etchat/eval/infer_mvbench.py
  kVideoMme,      ///< Video-MME: extract_characters_regex of thanku-all/parse_answer eval_your_results.py
  kLmmsVideoMme,  ///< Video-MME: extract_mcq_answer of lmms-eval's _task_utils/mcq_extract.py with the choices A to D
};

inline constexpr NameTable<OptionRule, 7> kOptionRules{{{OptionRule::kNotebook, "notebook"},
                                                        {OptionRule::kNotebookText, "notebook-text"},
                                                        {OptionRule::kTimeChat, "timechat"},
                                                        {OptionRule::kLmmsMvbench, "lmms-mvbench"},
                                                        {OptionRule::kEtbench, "etbench"},
                                                        {OptionRule::kVideoMme, "videomme"},
                                                        {OptionRule::kLmmsVideoMme, "lmms-videomme"}}};

/** Those of MVBench, the default first. */
inline constexpr NameTable<OptionRule, 5> kMvbenchRules{
    {kOptionRules[0], kOptionRules[1], kOptionRules[2], kOptionRules[3], kOptionRules[4]}};

/** The most options that a question may have: (A) to (Z). */
inline constexpr std::size_t kMostOptions = 26;

/** Options, bit 0 for (A). */
using OptionSet = std::bitset<kMostOptions>;

/**
 * The options that a published scorer takes an answer (UTF-8) for: it counts as right where the right option is among
 * them. They need not be options that the question has.
 *
 *   kNotebook      The first word (up to a blank) in lower case. It is (x) if, without its full stops, it is a part of
 *                  "(x)", or if "(x)" is a part of it. So an empty answer, "." and "(" are every option, "B." is (B),
 *                  and "B:" and "Answer: (B)" are none. The notebook begins the answer with "Best option:(", so its
 *                  rule is of "(" and the first line of the answer; kNotebookText leaves the answer alone.
 *   kTimeChat      What stands between the first "(" and the next ")", without full stops; (A) where there is no "(".
 *   kLmmsMvbench   A letter A to E in front of "." and a text; otherwise, after punctuation is removed, the first of
 *                  A to E that is a word of its own, of either case: the article "a" is (A). A later letter only where
 *                  nothing else is left.
 *   kEtbench       The first character, of either case.
 *   kVideoMme      The first capital A to D once the script's prefixes ("The best answer is", "Answer:") are deleted,
 *                  also within a word: "Answer B" is (A). Two prefixes that lack a comma are glued to their
 *                  neighbours: "The best option is" alone is not deleted.
 *   kLmmsVideoMme  The capital A to D in the best of these places, the last one of equally good ones: at the start, at
 *                  the end, behind a phrase ("the answer is"), as "(A)", "A.", "A:", "A)", "A ", anywhere.
 *
 * Takes time in proportion to the answer and does not recurse. Throws Error(kMalformed) with what is wrong, without a
 * place, for an empty answer by kEtbench: infer_mvbench.py raises IndexError there.
 */
OptionSet taken_options(std::string_view answer, OptionRule rule);

/** Questions that count, and those of them that were answered rightly. */
struct OptionTally {
  std::int64_t counted = 0;
  std::int64_t right = 0;

  void add(bool is_right) noexcept {
    ++counted;
    right += is_right;
  }
  void add(const OptionTally& other) noexcept {
    counted += other.counted;
    right += other.right;
  }
  /** Accuracy in [0, 100]; 0 where nothing counts, as lmms-eval's and Video-MME's scripts print. */
  double percent() const noexcept {
    return counted == 0 ? 0 : 100 * static_cast<double>(right) / static_cast<double>(counted);
  }
};

}  // namespace gvl::evaluation
