/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/stretch.hpp"

/** What gvl-ask is asked to do. */
struct AskArguments {
  std::string index;
  std::string model, device;
  std::string task = "grounding";
  std::string stream;                    ///< empty: all
  gvl::archive::Stretch stretch;         ///< of --from and --to
  std::optional<double> min_confidence;  ///< none: the model's
  std::optional<double> top;             ///< so many of the surest are told; none: all
  std::string report;                    ///< a page; empty: not wanted
  bool json = false;
  bool force = false;
  bool lists = false;                 ///< what is in the index is told, and nothing asked
  std::optional<std::string> search;  ///< words in what was said while it was indexed
  std::vector<std::string> queries;
};

/** Reads the command line, GStreamer's options too, and starts GStreamer; false, with the reason, on wrong usage. */
bool read_ask_arguments(int argc, char** argv, AskArguments& arguments, std::string& fault);
