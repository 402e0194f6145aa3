/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query-settings.hpp"

#include <gst/gst.h>

#include <algorithm>

#include "gvlgroundedllm.h"

namespace gvl::gst {

namespace {

std::vector<std::string> strings_of(const GValue* array) {
  std::vector<std::string> strings;
  for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
    const gchar* text = g_value_get_string(gst_value_array_get_value(array, i));
    strings.emplace_back(text ? text : "");
  }
  return strings;
}

void put_strings(GValue* array, const std::vector<std::string>& strings) {
  for (const auto& text : strings) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, text.c_str());
    gst_value_array_append_and_take_value(array, &value);
  }
}

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

}  // namespace

void QuerySettings::install_properties(GObjectClass* klass, guint first_id) {
  constexpr auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const GenerationOptions defaults;
  const auto install = [&](GParamSpec* spec) { g_object_class_install_property(klass, first_id++, spec); };
  install(g_param_spec_string("query", "Query", "What to ask about each window, in plain language (UTF-8)", nullptr,
                              flags));
  install(gst_param_spec_array(
      "queries", "Queries",
      "More to ask about each window, after query; they share one reading of the video: <\"first\",\"second\">",
      g_param_spec_string("one-query", "One query", "A query", nullptr, flags), flags));
  install(g_param_spec_enum("task", "Task", "What the queries ask for", GVL_TYPE_TASK,
                            static_cast<int>(Task::kGrounding), flags));
  install(g_param_spec_int("max-new-tokens", "Maximum new tokens", "Where an answer ends at the latest", 1, G_MAXINT,
                           static_cast<int>(defaults.max_new_tokens), flags));
  install(g_param_spec_double("temperature", "Temperature",
                              "0 takes the most probable token at each step; above, tokens are drawn, the more freely "
                              "the higher",
                              0, 100, defaults.temperature, flags));
  install(g_param_spec_double("top-p", "Top p",
                              "Tokens are drawn from the fewest that have this probability together (with temperature)",
                              0, 1, defaults.top_p, flags));
  install(g_param_spec_uint64("seed", "Seed", "The same seed draws the same answer (with temperature)", 0, G_MAXUINT64,
                              defaults.seed, flags));
  install(
      g_param_spec_double("min-confidence", "Minimum confidence",
                          "No event is emitted for an interval that the model is less sure of (0: all are; -1: what "
                          "the model's config.json says, which was measured)",
                          -1, 1, -1, flags));
}

void QuerySettings::set(Property property, const GValue* value) {
  std::lock_guard lock(mutex_);
  switch (property) {
    case Property::kQuery:
      query_ = g_value_get_string(value) ? std::optional<std::string>(g_value_get_string(value)) : std::nullopt;
      break;
    case Property::kQueries:
      queries_ = strings_of(value);
      break;
    case Property::kTask:
      task_ = static_cast<Task>(g_value_get_enum(value));
      break;
    case Property::kMaxNewTokens:
      options_.max_new_tokens = g_value_get_int(value);
      break;
    case Property::kTemperature:
      options_.temperature = g_value_get_double(value);
      break;
    case Property::kTopP:
      options_.top_p = g_value_get_double(value);
      break;
    case Property::kSeed:
      options_.seed = g_value_get_uint64(value);
      break;
    case Property::kMinConfidence:
      min_confidence_ = g_value_get_double(value);
      break;
    case Property::kCount:
      break;
  }
}

void QuerySettings::get(Property property, GValue* value) const {
  std::lock_guard lock(mutex_);
  switch (property) {
    case Property::kQuery:
      g_value_set_string(value, query_ ? query_->c_str() : nullptr);
      break;
    case Property::kQueries:
      put_strings(value, queries_);
      break;
    case Property::kTask:
      g_value_set_enum(value, static_cast<int>(task_));
      break;
    case Property::kMaxNewTokens:
      g_value_set_int(value, static_cast<int>(options_.max_new_tokens));
      break;
    case Property::kTemperature:
      g_value_set_double(value, options_.temperature);
      break;
    case Property::kTopP:
      g_value_set_double(value, options_.top_p);
      break;
    case Property::kSeed:
      g_value_set_uint64(value, options_.seed);
      break;
    case Property::kMinConfidence:
      g_value_set_double(value, min_confidence_);
      break;
    case Property::kCount:
      break;
  }
}

std::vector<Query> QuerySettings::queries() const {
  std::lock_guard lock(mutex_);
  if (task_ == Task::kDenseCaption) return {{task_, query_.value_or("")}};
  std::vector<Query> queries;
  const auto add = [&](const std::string& text) {
    const auto same = [&](const Query& query) { return query.text == text; };
    if (std::none_of(queries.begin(), queries.end(), same)) queries.push_back({task_, text});
  };
  if (query_) add(*query_);
  for (const auto& text : queries_) add(text);
  return queries;
}

GenerationOptions QuerySettings::options() const {
  std::lock_guard lock(mutex_);
  return options_;
}

double QuerySettings::min_confidence(const ModelConfig& config) const {
  std::lock_guard lock(mutex_);
  return min_confidence_ < 0 ? config.min_confidence : min_confidence_;
}

std::string fault_of(const std::vector<Query>& queries) {
  if (queries.empty()) return "There is no query: set the property \"query\" or \"queries\".";
  for (const auto& query : queries) {
    if (!g_utf8_validate(query.text.data(), static_cast<gssize>(query.text.size()), nullptr))
      return "The query is not valid UTF-8.";
    if (query.task != Task::kDenseCaption && blank(query.text)) return "The query is empty.";
  }
  return {};
}

}  // namespace gvl::gst
