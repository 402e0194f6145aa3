/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdexcept>
#include <string>

/** Wrong usage; the message says why. */
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** Throws UsageError naming the option whose number is not within. */
void require_within(const char* option, double value, double least, double most);
/** A token without the white space around it: a file that it was read from ends with a new line. Throws UsageError. */
std::string checked_token(const std::string& text, const std::string& from);
/** An address that paths can be put behind. */
std::string without_slash(std::string text);
