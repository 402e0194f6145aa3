/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "io/json.hpp"

namespace gvl::evaluation {

/**
 * Predictions as JSON lines, each with an "id", written as soon as they are there: a kill loses at most the one that is
 * being written. One thread at a time; one process at a time, which a lock makes sure of.
 */
class PredictionLog {
 public:
  /**
   * Begins `file`, also an empty one, or goes on with it: then a last line without its end is dropped. `settings` is
   * written beside it (FILE.settings.json), and must be the same when it goes on. Throws Error(kInvalidArgument) when
   * the file is there and `resumes` is false, or when it was begun with other settings, Error(kMalformed) naming file
   * and line for one that is no prediction, Error(kResource) when it cannot be written or another process writes it.
   */
  PredictionLog(std::filesystem::path file, const std::string& settings, bool resumes);
  ~PredictionLog();
  PredictionLog(const PredictionLog&) = delete;
  PredictionLog& operator=(const PredictionLog&) = delete;

  bool has(const std::string& id) const { return lines_.contains(id); }
  /** A JSON object in one line, without the line's end, whose "id" is `id`. Throws Error(kResource). */
  void add(const std::string& id, const std::string& line);
  /** Adds all of another log that this one lacks. Throws as add(). */
  void add_missing(const PredictionLog& other);
  /** All, by their ids. */
  const std::map<std::string, std::string>& lines() const noexcept { return lines_; }
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  [[noreturn]] void fail(const char* what) const;
  void read();
  void check_settings(const std::string& settings, bool resumes) const;

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::map<std::string, std::string> lines_;
};

}  // namespace gvl::evaluation
