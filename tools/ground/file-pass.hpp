/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <optional>
#include <string>

#include "ground/progress.hpp"
#include "ground/sound.hpp"

/** What reads a file's video, and how. */
struct FilePassOptions {
  std::string video;                           ///< path or URI
  std::string consumer;                        ///< a launch line whose element `in` takes the video
  std::string output;                          ///< what the consumer's element `file` writes, if there is one
  bool encoded = false;                        ///< the consumer gets video as it is encoded, where it takes it
  SoundTarget sound;                           ///< in the consumer
  std::string doing;                           ///< for the progress bar
  GstClockTime longest = GST_CLOCK_TIME_NONE;  ///< how much of the video is read
  std::optional<int> program;                  ///< of a transport stream; none: its first
  double timeout = 0;                          ///< seconds for which a server may say nothing
  std::string again;                           ///< the option that reads the video again, which cannot be live then
  /** Called before the pipeline starts, with the consumer. */
  std::function<void(GstElement* consumer)> prepare;
  /**
   * Called when the first frame has come, with the stream time of that; what it returns, if anything, is why this video
   * will not do.
   */
  std::function<std::string(GstElement* consumer, GstClockTime first)> at_begin;
  /** Called for each element message; what it returns, if anything, ends the pass as its error. */
  std::function<std::string(const GstStructure* message)> on_message;
  /** Called at the end, when all went well; the duration is GST_CLOCK_TIME_NONE where it is not known. */
  std::function<void(GstElement* consumer, GstClockTime duration)> at_end;
  /** Called when an interrupt ends what has no end of its own, and does so in order. Without it, that is an error. */
  std::function<void()> at_interrupt;
};

/**
 * Reads a file's video once, from start to end, in the default main context. Returns an empty string, or the one line
 * that says why it could not, which names the file. An interrupt (InterruptGuard) ends it: in order where the video is
 * live, or comes from a server without an end.
 */
std::string run_file_pass(const FilePassOptions& options, ProgressBar& progress);
