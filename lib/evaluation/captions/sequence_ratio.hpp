/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

namespace gvl::evaluation {

/**
 * How alike two texts are, 0 to 1, as Python's difflib.SequenceMatcher(None, a, b).ratio() says it (Ratcliff and
 * Obershelp): twice the characters in common blocks by all characters. In a `b` of 200 characters or more, those that
 * are more than a hundredth of it begin no block, as there.
 */
double sequence_ratio(const std::u32string& a, const std::u32string& b);

}  // namespace gvl::evaluation
