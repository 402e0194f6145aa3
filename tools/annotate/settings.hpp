/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "annotate/endpoint.hpp"
#include "annotation/annotation.hpp"
#include "annotation/chat.hpp"

/** What gvl-annotate is told to do. */
enum class Work { kQuestions, kLabels, kStatistics };

struct Settings {
  Work work = Work::kQuestions;
  std::filesystem::path file;  ///< annotations, events or conversations
  std::filesystem::path out;   ///< a folder; of statistics a file for all numbers, or empty
  gvl::annotation::AnnotationFormat format = gvl::annotation::AnnotationFormat::kCaptions;
  gvl::annotation::EventLabelOptions labels;
  std::string dataset;
  bool for_release = false;
  std::optional<std::filesystem::path> videos;  ///< a folder that has them
  std::string ending = ".mp4";                  ///< of videos' names, where there is no such folder
  std::int64_t count = 0;                       ///< of so many videos; 0: of all
  bool offline = false, resumes = false;
  EndpointOptions chat, embeddings;
  gvl::annotation::ChatOptions options;  ///< its seed is that of everything
  std::string embedding_model;
  int attempts = 2, connections = 4;
  std::int64_t max_requests = 0;
};

/** Reads the command line; --help ends the program. Throws UsageError. */
Settings read_settings(int argc, char** argv);
