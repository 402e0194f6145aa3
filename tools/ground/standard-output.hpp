/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

/**
 * To be called first in main(): whatever is not written to standard output by the end (it is full, closed, its reader
 * is gone) is reported, and the program exits with `code`. A pipe whose reader is gone and a file that may not grow are
 * errors of writing from then on, no signals.
 */
void guard_standard_output(int code);

/** Prints a line at once. Empty, or why it could not be printed. */
std::string print_line(const std::string& line);
