/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

/** What gvl-ground is asked to do. */
struct Arguments {
  std::string model;
  std::string task = "grounding";
  std::string device;
  bool json = false;
  bool force = false;
  bool explain = false;
  bool verbose = false;
  bool quiet = false;                                          ///< only what goes wrong is told on stderr
  std::optional<double> min_confidence;                        ///< none: the model's
  std::optional<double> window, overlap;                       ///< seconds, and a share; none: gvlground's
  std::optional<double> max_moments;                           ///< none: gvlground's
  std::optional<double> longest;                               ///< seconds of each video that are looked at; none: all
  std::optional<int> program;                                  ///< of a transport stream; none: its first
  double timeout = 30;                                         ///< seconds for which a server may say nothing
  std::string events, vtt, clips, overlay, report, edl, otio;  ///< outputs; empty: not wanted
  std::string results;                                         ///< folder of a file for each video; empty: not wanted
  bool resume = false;                                         ///< what has a file in `results` is left out
  std::string timecode;                                        ///< of the video's first frame; empty: 0
  std::vector<std::string> videos;                             ///< paths, of any bytes, or URIs
  std::vector<std::string> queries;
};

/** Reads the command line, GStreamer's options too, and starts GStreamer; false, with the reason, on wrong usage. */
bool read_arguments(int argc, char** argv, Arguments& arguments, std::string& fault);
