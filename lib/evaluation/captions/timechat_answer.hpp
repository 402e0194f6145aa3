/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "evaluation/dense_captioning.hpp"

namespace gvl::evaluation {

/**
 * The captions that TimeChat's utils/format_dvc.py reads out of an answer in words: in lower case what stands between
 * times like "3.5 - 8" or behind "description: ", or else of the first sentence or line with a time the text behind
 * "seconds", with its case. One time alone is 20 seconds around it. The script stops in a debugger where it finds
 * "start time 3, end time 8" and then has these times as texts; here they are numbers. Digits are ASCII's. Throws
 * Error(kMalformed) where the script raises, as for "1..5 - 8", and for an answer longer than 64 KiB, for which some of
 * its expressions would take hours.
 */
Captions timechat_answer_captions(const std::string& answer);

}  // namespace gvl::evaluation
