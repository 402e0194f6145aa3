/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <optional>
#include <vector>

/** Finds the program association table (ISO/IEC 13818-1, 2.4.4.3) in the bytes of a transport stream. */
class ProgramTableReader {
 public:
  /** Bytes that follow those before. The numbers of the programs once the table is complete, else none. */
  std::optional<std::vector<int>> read(const guint8* bytes, std::size_t count);
  /** What comes next does not follow what came. */
  void restart();

 private:
  void take_packet(const guint8* packet);
  void take_section();

  std::vector<guint8> rest_;     ///< bytes of no whole packet yet
  std::vector<guint8> section_;  ///< what has come of one
  bool collecting_ = false;
  std::vector<std::optional<std::vector<int>>> sections_;  ///< their programs
};

/**
 * Chooses which program of a transport stream a pipeline shows: the one with the number given, else the table's first.
 * A program that there is not is an error of the pipeline. Of several, none of which was named, it posts the element
 * message `gvl-programs` with `programs` (string: all) and `program` (int: the one shown).
 */
class ProgramChoice {
 public:
  /** Before the pipeline starts. */
  ProgramChoice(GstElement* pipeline, std::optional<int> program);
  /** When it has stopped. */
  ~ProgramChoice();
  ProgramChoice(const ProgramChoice&) = delete;
  ProgramChoice& operator=(const ProgramChoice&) = delete;

  /** Whether there were programs to choose from. */
  bool has_chosen() const { return chosen_; }

 private:
  struct Demuxer;

  static void on_element(GstBin* pipeline, GstBin* parent, GstElement* element, gpointer self);
  static GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info, gpointer demuxer);
  void choose(GstElement* demuxer, const std::vector<int>& programs);

  GstElement* pipeline_;
  gulong signal_;
  std::optional<int> program_;
  std::atomic<bool> chosen_{false};
};
