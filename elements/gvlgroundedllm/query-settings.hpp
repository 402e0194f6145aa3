/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include <optional>
#include <string>
#include <vector>

#include "gvl/model.hpp"
#include "gvl/task.hpp"
#include "gvlgroundedllm.h"
#include "gvlproperties.hpp"

namespace gvl::gst {

/** What is asked about each window, and how. Its initial values are the properties' defaults. */
struct QuerySettings {
  std::optional<std::string> query;
  std::vector<std::string> queries;
  Task task = Task::kGrounding;
  GenerationOptions options;
  guint pad_events = GVL_PAD_EVENTS_CLOSED | GVL_PAD_EVENTS_WORDS;
  std::string source_id;
  bool explain = false;        ///< gvl-verdict messages are posted
  double min_confidence = -1;  ///< of intervals that become events; below 0: as measured for the model
};

/** Installs the properties that QuerySettings has. */
void install_query_properties(GObjectClass* klass, Locked<QuerySettings> (*settings_of)(GObject*));

/** The queries to ask, each once, however often it is set. */
std::vector<Query> queries_of(const QuerySettings& settings);

/** Why a query cannot be asked, or an empty string. */
std::string fault_of(const std::vector<Query>& queries);

}  // namespace gvl::gst
