/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

/** What gvl-index is asked to do. */
struct IndexArguments {
  std::string index;
  std::string model, device;
  std::string stream;                     ///< empty: by the video's name
  std::string utc;                        ///< of the video's begin; empty: as it says
  std::string type;                       ///< empty: gvlindexer's
  std::optional<double> window, overlap;  ///< seconds, and a share; none: gvlsegmenter's
  std::optional<double> days, bytes;      ///< that the stream keeps; none: all
  std::optional<double> longest;          ///< seconds of each video that are looked at; none: all
  std::optional<double> program;          ///< of a transport stream; none: its first
  std::optional<double> timeout;          ///< seconds for which a server may say nothing
  std::vector<std::string> videos;        ///< paths, of any bytes, or URIs
};

/** Reads the command line, GStreamer's options too, and starts GStreamer; false, with the reason, on wrong usage. */
bool read_index_arguments(int argc, char** argv, IndexArguments& arguments, std::string& fault);
