/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>

/** An option whose value is a number. */
struct NumberOption {
  const char* option;
  const char* text;  ///< null: not given
  double least;
  double most;
  bool is_whole;
  const char* wanted;  ///< for the message
};

/** Why it is none, naming the option; empty where it is, or was not given. */
std::string read_number(const NumberOption& number, std::optional<double>& value);
