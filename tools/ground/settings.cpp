/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/settings.hpp"

#include <limits>
#include <locale>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace {

/** A property of gvlground that an option sets. */
struct Setting {
  const char* option;
  const char* property;
  std::optional<double> value;
  double unit;  ///< the option's in the property's
};

std::vector<Setting> settings_of(const Arguments& arguments) {
  return {{"--min-confidence", "min-confidence", arguments.min_confidence, 1},
          {"--window", "window-duration", arguments.window, static_cast<double>(GST_SECOND)},
          {"--overlap", "window-overlap", arguments.overlap, 1},
          {"--max-moments", "max-moments", arguments.max_moments, 1}};
}

std::string text_of(double number) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << number;
  return text.str();
}

/** The least and the most that a property takes. */
template <typename Spec>
std::pair<double, double> range_of(const Spec* spec) {
  return {static_cast<double>(spec->minimum), static_cast<double>(spec->maximum)};
}

std::pair<double, double> range_of(GParamSpec* spec) {
  if (G_IS_PARAM_SPEC_INT(spec)) return range_of(G_PARAM_SPEC_INT(spec));
  if (G_IS_PARAM_SPEC_UINT(spec)) return range_of(G_PARAM_SPEC_UINT(spec));
  if (G_IS_PARAM_SPEC_INT64(spec)) return range_of(G_PARAM_SPEC_INT64(spec));
  if (G_IS_PARAM_SPEC_UINT64(spec)) return range_of(G_PARAM_SPEC_UINT64(spec));
  if (G_IS_PARAM_SPEC_DOUBLE(spec)) return range_of(G_PARAM_SPEC_DOUBLE(spec));
  return {0, std::numeric_limits<double>::max()};
}

std::string fault_of(const Setting& setting, GObjectClass* klass) {
  GParamSpec* spec = g_object_class_find_property(klass, setting.property);
  if (!spec) return "gvlground has no property " + std::string(setting.property);
  const auto [least, most] = range_of(spec);
  const double value = *setting.value * setting.unit;
  if (value >= least && value <= most) return {};
  return "is not from " + text_of(least / setting.unit) + " to " + text_of(most / setting.unit);
}

void set(GstElement* ground, const Setting& setting) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(ground), setting.property);
  GValue number = G_VALUE_INIT, value = G_VALUE_INIT;
  g_value_init(&number, G_TYPE_DOUBLE);
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  g_value_set_double(&number, *setting.value * setting.unit);
  g_value_transform(&number, &value);
  g_object_set_property(G_OBJECT(ground), setting.property, &value);
  g_value_unset(&value);
  g_value_unset(&number);
}

void set_queries(GstElement* ground, const std::vector<std::string>& texts) {
  GValue queries = G_VALUE_INIT;
  gst_value_array_init(&queries, static_cast<guint>(texts.size()));
  for (const std::string& text : texts) {
    GValue query = G_VALUE_INIT;
    g_value_init(&query, G_TYPE_STRING);
    g_value_set_string(&query, text.c_str());
    gst_value_array_append_and_take_value(&queries, &query);
  }
  g_object_set_property(G_OBJECT(ground), "queries", &queries);
  g_value_unset(&queries);
}

}  // namespace

std::string fault_of_settings(const Arguments& arguments) {
  g_autoptr(GstElement) ground = gst_element_factory_make("gvlground", nullptr);
  if (!ground) return {};
  gst_object_ref_sink(ground);
  for (const Setting& setting : settings_of(arguments)) {
    if (!setting.value) continue;
    const std::string fault = fault_of(setting, G_OBJECT_GET_CLASS(ground));
    if (!fault.empty()) return std::string(setting.option) + " " + text_of(*setting.value) + ": " + fault;
  }
  return {};
}

void set_ground(GstElement* ground, const Arguments& arguments) {
  for (const Setting& setting : settings_of(arguments))
    if (setting.value) set(ground, setting);
  g_object_set(ground, "explain", arguments.explain, nullptr);
  gst_util_set_object_arg(G_OBJECT(ground), "task", arguments.task.c_str());
  set_queries(ground, arguments.queries);
}
