/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gvl::annotation {

/** JSON in one line, as it is said member by member. */
class JsonWriter {
 public:
  /** An object without a name: the outermost one, or one in an array. */
  JsonWriter& object(const std::function<void()>& members) {
    json_builder_begin_object(builder_.get());
    members();
    json_builder_end_object(builder_.get());
    return *this;
  }
  JsonWriter& object(const char* name, const std::function<void()>& members) { return named(name).object(members); }
  JsonWriter& array(const char* name, const std::function<void()>& elements) {
    named(name);
    json_builder_begin_array(builder_.get());
    elements();
    json_builder_end_array(builder_.get());
    return *this;
  }
  JsonWriter& text(const char* name, const std::string& value) { return named(name).text(value); }
  JsonWriter& text(const std::string& value) {
    json_builder_add_string_value(builder_.get(), value.c_str());
    return *this;
  }
  JsonWriter& integer(const char* name, std::int64_t value) {
    named(name);
    json_builder_add_int_value(builder_.get(), value);
    return *this;
  }
  JsonWriter& number(const char* name, double value) {
    named(name);
    json_builder_add_double_value(builder_.get(), value);
    return *this;
  }
  JsonWriter& boolean(const char* name, bool value) {
    named(name);
    json_builder_add_boolean_value(builder_.get(), value);
    return *this;
  }

  std::string line() const {
    JsonNode* root = json_builder_get_root(builder_.get());
    char* text = json_to_string(root, FALSE);
    const std::string line = text;
    g_free(text);
    json_node_unref(root);
    return line;
  }

 private:
  struct Unref {
    void operator()(JsonBuilder* builder) const { g_object_unref(builder); }
  };

  JsonWriter& named(const char* name) {
    json_builder_set_member_name(builder_.get(), name);
    return *this;
  }

  std::unique_ptr<JsonBuilder, Unref> builder_{json_builder_new()};
};

}  // namespace gvl::annotation
