/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gvl/model.hpp"
#include "gvl/task.hpp"

namespace gvl::gst {

/** What is asked about each window, and how: the properties of gvlgroundedllm. All members are thread safe. */
class QuerySettings {
 public:
  /** The properties, by their number in the order in which they are installed. */
  enum class Property { kQuery, kQueries, kTask, kMaxNewTokens, kTemperature, kTopP, kSeed, kMinConfidence, kCount };

  static void install_properties(GObjectClass* klass, guint first_id);
  void set(Property property, const GValue* value);
  void get(Property property, GValue* value) const;

  /** The queries to ask, each once, however often it is set. */
  std::vector<Query> queries() const;

  GenerationOptions options() const;

  /** Of intervals that become events: as set, else as measured for the model. */
  double min_confidence(const ModelConfig& config) const;

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::optional<std::string> query_;
  std::vector<std::string> queries_;
  Task task_ = Task::kGrounding;
  GenerationOptions options_;
  double min_confidence_ = -1;  // below 0: the model's
};

/** Why a query cannot be asked, or an empty string. */
std::string fault_of(const std::vector<Query>& queries);

}  // namespace gvl::gst
