/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

namespace gvl::evaluation {

/** With a point, in every locale. */
std::string number(double value, int decimals = 4);

/** With as many digits as it needs: "2", "0.5". */
std::string brief(double value);

/** A text in UTF-8 as a JSON string. */
std::string json_string(const std::string& text);

/**
 * Lines of equally many cells, as many columns: the first to the left, the others to the right. Line breaks and tabs in
 * a cell are spaces. Each line ends with a newline.
 */
std::string aligned(std::vector<std::vector<std::string>> lines);

}  // namespace gvl::evaluation
