/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <string>

#include "ground/arguments.hpp"
#include "ground/outputs.hpp"
#include "ground/report.hpp"

/** All that a run is to write besides standard output. */
class OutputSet {
 public:
  explicit OutputSet(const Arguments& arguments);
  OutputSet(const OutputSet&) = delete;
  OutputSet& operator=(const OutputSet&) = delete;

  /**
   * Whether all of it can be written, as far as that can be known before hours of analysis. Complains of all that
   * cannot.
   */
  bool can_write();
  bool wanted() const;
  /** The option that needs timecodes, if there is one. */
  std::string needs_timecodes() const { return edl.wanted() ? "--edl" : otio.wanted() ? "--otio" : ""; }
  /** The option that reads the video again, if there is one. */
  std::string reads_again() const;
  /** Writes a video's events to its file in --results, where that is wanted. Whether it went well. */
  bool write_result(const FoundEvents& found) const;
  /** How the overlay is drawn and encoded; known once it can be written. */
  const std::string& drawing() const { return drawing_; }

  OutputFile events, vtt, edl, otio, overlay, report;

 private:
  std::array<const OutputFile*, 6> files() const { return {&events, &vtt, &edl, &otio, &overlay, &report}; }
  void learn_inputs();
  bool can_print() const;
  bool can_read_again() const;
  bool can_write_files() const;
  bool can_write_clips() const;
  bool can_draw();

  const Arguments& arguments_;
  InputFiles inputs_;
  std::string drawing_;
};
