/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"

/** What the parts of config.json are read and written with. */
namespace gvl::io {

inline constexpr std::int64_t kFormatVersion = 1;

inline constexpr std::int64_t kMaxWidth = 1 << 17;
inline constexpr std::int64_t kMaxLayers = 1024;
inline constexpr std::int64_t kMaxImage = 4096;
inline constexpr std::int64_t kMaxVocabulary = 1 << 24;
inline constexpr std::int64_t kMaxPositions = 1 << 24;
inline constexpr std::int64_t kMaxFrames = 1 << 16;
inline constexpr std::int64_t kMostMoments = 100;
inline constexpr std::int64_t kMostObjects = 100;

template <typename Enum>
struct Named {
  Enum value;
  const char* name;
};

inline Error unknown_name(const JsonValue& value, const std::string& known) {
  return value.error("is \"" + value.as_string() + "\", known are " + known, ErrorCode::kUnsupported);
}

template <typename Enum, std::size_t n>
Enum read_enum(const JsonValue& object, const std::string& member, const Named<Enum> (&values)[n]) {
  const std::string name = object.string(member);
  std::string known;
  for (const auto& value : values) {
    if (name == value.name) return value.value;
    known += std::string(known.empty() ? "" : ", ") + value.name;
  }
  throw unknown_name(object.at(member), known);
}

template <typename Enum, std::size_t n>
const char* name_of_enum(Enum value, const Named<Enum> (&values)[n]) {
  for (const auto& candidate : values) {
    if (candidate.value == value) return candidate.name;
  }
  return values[0].name;
}

inline double positive_number(const JsonValue& object, const std::string& member) {
  const double value = object.number(member);
  if (!(value > 0)) throw object.at(member).error("must be above 0");
  return value;
}

inline void check_divides(const JsonValue& object, const std::string& member, std::int64_t value, std::int64_t divisor,
                          const char* of) {
  if (value % divisor != 0) {
    throw object.at(member).error(std::to_string(divisor) + " does not divide " + of + " " + std::to_string(value));
  }
}

/** A number that may be missing. Throws Error naming file and member unless it is within these two. */
inline double number_within(const JsonValue& object, const std::string& member, double fallback, double least,
                            double most) {
  const double value = object.number_or(member, fallback);
  if (value >= least && value <= most) return value;
  throw object.at(member).error("must be within " + std::to_string(static_cast<int>(least)) + " and " +
                                std::to_string(static_cast<int>(most)));
}

/** Writes JSON through json-glib, which escapes and formats. */
class ConfigWriter {
 public:
  ConfigWriter() : builder_(json_builder_new()) { json_builder_begin_object(builder_); }
  ~ConfigWriter() { g_object_unref(builder_); }
  ConfigWriter(const ConfigWriter&) = delete;
  ConfigWriter& operator=(const ConfigWriter&) = delete;

  void begin(const char* name) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_object(builder_);
  }
  void end() { json_builder_end_object(builder_); }

  void add(const char* name, const std::string& value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_string_value(builder_, value.c_str());
  }
  void add(const char* name, std::int64_t value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_int_value(builder_, value);
  }
  void add(const char* name, double value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_double_value(builder_, value);
  }
  void add_all(const char* name, const std::vector<std::string>& values) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_array(builder_);
    for (const std::string& value : values) json_builder_add_string_value(builder_, value.c_str());
    json_builder_end_array(builder_);
  }
  template <typename Range>
  void add_all(const char* name, const Range& values) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_array(builder_);
    for (const double value : values) json_builder_add_double_value(builder_, value);
    json_builder_end_array(builder_);
  }

  std::string finish() {
    json_builder_end_object(builder_);
    return json_text(builder_);
  }

 private:
  JsonBuilder* builder_;
};

inline constexpr Named<Activation> kActivations[] = {{Activation::kQuickGelu, "quick-gelu"},
                                                     {Activation::kGelu, "gelu"}};

/** A stream's encoder (vision_config.cpp). Throws Error naming file and member. */
VisionConfig read_vision(const JsonValue& object);
void write_vision(ConfigWriter& writer, const char* name, const VisionConfig& vision);

/**
 * What a config.json of the type "similarity" says (similarity_config.cpp), beyond what is every model's: the streams,
 * texts and search. Throws Error naming file and member.
 */
void read_similarity(const JsonValue& root, ModelConfig& config);
void write_similarity(ConfigWriter& writer, const ModelConfig& config);
/** The same of the type "things" (things_config.cpp). */
void read_things(const JsonValue& root, ModelConfig& config);
void write_things(ConfigWriter& writer, const ModelConfig& config);

/** The other stream of a model that looks at samples alone: the same pictures, which are made once for both. */
VisionConfig pictures_of(const VisionConfig& spatial);
/** Throws Error unless the model's frames are as many as a search can look at. */
void check_samples(const JsonValue& root, const ModelConfig& config);

}  // namespace gvl::io
