/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "location-pattern.hpp"

#include <functional>
#include <memory>

#include "gvl/error.hpp"
#include "gvltime.hpp"
#include "timeline/wording.hpp"

namespace gvl::gst {

namespace {

constexpr std::size_t kLongestField = 80;

std::string words_of(const GstStructure* event, const char* field) {
  const char* text = gst_structure_get_string(event, field);
  return text ? text : "";
}

std::string time_of(const GstStructure* event, const char* field) {
  guint64 time = 0;
  const bool known = gst_structure_get_uint64(event, field, &time);
  if (!known && gst_structure_has_field(event, "start")) return "open";
  return timeline::on_a_clock(to_time(time), {.hour_digits = 2, .separator = '-'});
}

std::string id_of(const GstStructure* event) {
  guint64 id = 0;
  gst_structure_get_uint64(event, "id", &id);
  std::string digits = std::to_string(id);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

std::string percent_of(const GstStructure* event) {
  double confidence = 0;
  gst_structure_get_double(event, "confidence", &confidence);
  return std::to_string(static_cast<int>(confidence * 100 + 0.5));
}

/** A word of a file's name; letters of any script stay. `text` is UTF-8. */
std::string sanitised(const std::string& text) {
  std::string result;
  for (const gchar* at = text.c_str(); *at && result.size() < kLongestField; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    const bool plain =
        g_unichar_isalnum(c) || g_unichar_ismark(c) || c == '-' || c == '_' || (c == '.' && !result.empty());
    result += plain ? std::string(at, static_cast<std::size_t>(g_utf8_next_char(at) - at)) : std::string("_");
  }
  return result.empty() ? "_" : result;
}

// "20260131T120000.123Z"
std::string utc_of(const GstStructure* event) {
  std::string text = words_of(event, "utc-start");
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text.empty() ? "no-utc" : sanitised(text);
}

std::string value_of(const std::string& field, const GstStructure* event) {
  if (field == "id") return id_of(event);
  if (field == "start" || field == "stop") return time_of(event, field.c_str());
  if (field == "confidence") return percent_of(event);
  if (field == "query" || field == "task" || field == "source") return sanitised(words_of(event, field.c_str()));
  if (field == "utc") return utc_of(event);
  throw Error(ErrorCode::kInvalidArgument, "location has a field %{" + field +
                                               "}; there are id, start, stop, query, task, confidence, source and utc");
}

std::string fill(const std::string& pattern, const std::function<std::string(const std::string&)>& value) {
  std::string result;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t open = pattern.find("%{", at);
    if (open == std::string::npos) return result + pattern.substr(at);
    const std::size_t close = pattern.find('}', open);
    if (close == std::string::npos)
      throw Error(ErrorCode::kInvalidArgument, "location has a %{ without a }: " + pattern);
    result += pattern.substr(at, open - at) + value(pattern.substr(open + 2, close - open - 2));
    at = close + 1;
  }
  return result;
}

}  // namespace

LocationPattern::LocationPattern(std::string pattern) : pattern_(std::move(pattern)) {
  if (pattern_.empty()) throw Error(ErrorCode::kInvalidArgument, "location is empty");
  GstStructure* any = gst_structure_new_empty("any");
  const std::unique_ptr<GstStructure, decltype(&gst_structure_free)> owner(any, gst_structure_free);
  path_for(any);
}

std::string LocationPattern::path_for(const GstStructure* event) const {
  return fill(pattern_, [event](const std::string& field) { return value_of(field, event); });
}

}  // namespace gvl::gst
