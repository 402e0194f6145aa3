/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlproperties.hpp"

#include <memory>
#include <span>

#include "gvlguard.hpp"

namespace gvl::gst {
namespace {

// A GParamSpec carries its accessors: GObject hands it to set_property and get_property.
GQuark accessors_quark() {
  static const GQuark quark = g_quark_from_static_string("gvl-property-accessors");
  return quark;
}

const Accessors& accessors_of(GParamSpec* spec) {
  return *static_cast<const Accessors*>(g_param_spec_get_qdata(spec, accessors_quark()));
}

void set_property(GObject* object, guint, const GValue* value, GParamSpec* spec) {
  accessors_of(spec).set(object, value);
}

void get_property(GObject* object, guint, GValue* value, GParamSpec* spec) { accessors_of(spec).get(object, value); }

using Specs = std::unique_ptr<GParamSpec*, decltype(&g_free)>;

Specs specs_of(GObjectClass* klass, guint& count) { return {g_object_class_list_properties(klass, &count), g_free}; }

template <typename Number, typename Spec>
GParamSpec* copy_number(const PropertyName& name, const Spec* spec, GParamFlags flags) {
  return detail::number_spec(name, Range<Number>{spec->minimum, spec->maximum}, spec->default_value, flags);
}

// A new one of the kinds that PropertyTable installs. Their texts are static.
GParamSpec* copy_of(GParamSpec* spec) {
  const PropertyName name{g_param_spec_get_name(spec), g_param_spec_get_nick(spec), g_param_spec_get_blurb(spec)};
  const GParamFlags flags = spec->flags;
  if (G_IS_PARAM_SPEC_INT(spec)) return copy_number<int>(name, G_PARAM_SPEC_INT(spec), flags);
  if (G_IS_PARAM_SPEC_UINT(spec)) return copy_number<guint>(name, G_PARAM_SPEC_UINT(spec), flags);
  if (G_IS_PARAM_SPEC_UINT64(spec)) return copy_number<guint64>(name, G_PARAM_SPEC_UINT64(spec), flags);
  if (G_IS_PARAM_SPEC_DOUBLE(spec)) return copy_number<double>(name, G_PARAM_SPEC_DOUBLE(spec), flags);
  if (GST_IS_PARAM_SPEC_ARRAY_LIST(spec)) return detail::texts_spec(name, flags);
  const GValue* initial = g_param_spec_get_default_value(spec);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    return g_param_spec_boolean(name.name, name.nick, name.blurb, g_value_get_boolean(initial), flags);
  if (G_IS_PARAM_SPEC_ENUM(spec))
    return g_param_spec_enum(name.name, name.nick, name.blurb, spec->value_type, g_value_get_enum(initial), flags);
  if (G_IS_PARAM_SPEC_FLAGS(spec))
    return g_param_spec_flags(name.name, name.nick, name.blurb, spec->value_type, g_value_get_flags(initial), flags);
  g_assert(G_IS_PARAM_SPEC_STRING(spec));
  return g_param_spec_string(name.name, name.nick, name.blurb, g_value_get_string(initial), flags);
}

void forward(GObjectClass* klass, GParamSpec* spec, GObject* (*child_of)(GObject*)) {
  const std::string name = g_param_spec_get_name(spec);
  const auto set = [child_of, name](GObject* object, const GValue* value) {
    g_object_set_property(child_of(object), name.c_str(), value);
  };
  const auto get = [child_of, name](GObject* object, GValue* value) {
    g_object_get_property(child_of(object), name.c_str(), value);
  };
  install_property(klass, copy_of(spec), {set, get});
}

}  // namespace

void install_property(GObjectClass* klass, GParamSpec* spec, Accessors accessors) {
  klass->set_property = guarded<set_property>;
  klass->get_property = guarded<get_property>;
  g_param_spec_set_qdata_full(spec, accessors_quark(), new Accessors(std::move(accessors)),
                              [](gpointer data) { delete static_cast<Accessors*>(data); });
  guint count = 0;
  specs_of(klass, count);
  g_object_class_install_property(klass, count + 1, spec);  // lists are in the order of these numbers
}

void install_stats(GObjectClass* klass, const char* blurb, GstStructure* (*stats_of)(GObject*)) {
  const auto get = [stats_of](GObject* object, GValue* value) { g_value_take_boxed(value, stats_of(object)); };
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  install_property(klass, g_param_spec_boxed("stats", "Statistics", blurb, GST_TYPE_STRUCTURE, flags), {{}, get});
}

void forward_properties(GObjectClass* klass, GType type, GObject* (*child_of)(GObject*)) {
  auto* child_class = G_OBJECT_CLASS(g_type_class_ref(type));
  guint count = 0;
  const auto specs = specs_of(child_class, count);
  for (GParamSpec* spec : std::span(specs.get(), count)) {
    const bool settable = (spec->flags & G_PARAM_READWRITE) == G_PARAM_READWRITE;
    if (spec->owner_type == type && settable && !g_object_class_find_property(klass, spec->name))
      forward(klass, spec, child_of);
  }
  g_type_class_unref(child_class);
}

namespace detail {

GParamSpec* number_spec(const PropertyName& name, Range<int> range, int initial, GParamFlags flags) {
  return g_param_spec_int(name.name, name.nick, name.blurb, range.least, range.most, initial, flags);
}

GParamSpec* number_spec(const PropertyName& name, Range<guint> range, guint initial, GParamFlags flags) {
  return g_param_spec_uint(name.name, name.nick, name.blurb, range.least, range.most, initial, flags);
}

GParamSpec* number_spec(const PropertyName& name, Range<guint64> range, guint64 initial, GParamFlags flags) {
  return g_param_spec_uint64(name.name, name.nick, name.blurb, range.least, range.most, initial, flags);
}

GParamSpec* number_spec(const PropertyName& name, Range<double> range, double initial, GParamFlags flags) {
  return g_param_spec_double(name.name, name.nick, name.blurb, range.least, range.most, initial, flags);
}

GParamSpec* texts_spec(const PropertyName& name, GParamFlags flags) {
  GParamSpec* one = g_param_spec_string("one", "One", "One of them", nullptr, flags);
  return gst_param_spec_array(name.name, name.nick, name.blurb, one, flags);
}

void read(const GValue* value, bool& to) { to = g_value_get_boolean(value); }
void read(const GValue* value, int& to) {
  to = G_VALUE_HOLDS_ENUM(value) ? g_value_get_enum(value) : g_value_get_int(value);
}
void read(const GValue* value, guint& to) {
  to = G_VALUE_HOLDS_FLAGS(value) ? g_value_get_flags(value) : g_value_get_uint(value);
}
void read(const GValue* value, guint64& to) { to = g_value_get_uint64(value); }
void read(const GValue* value, double& to) { to = g_value_get_double(value); }

void read(const GValue* value, std::string& to) {
  const gchar* text = g_value_get_string(value);
  to = text ? text : "";
}

void read(const GValue* value, std::optional<std::string>& to) {
  const gchar* text = g_value_get_string(value);
  to = text ? std::optional<std::string>(text) : std::nullopt;
}

void read(const GValue* value, std::vector<std::string>& to) {
  to.resize(gst_value_array_get_size(value));
  for (guint i = 0; i < to.size(); ++i) read(gst_value_array_get_value(value, i), to[i]);
}

void write(GValue* value, bool from) { g_value_set_boolean(value, from); }
void write(GValue* value, int from) {
  if (G_VALUE_HOLDS_ENUM(value))
    g_value_set_enum(value, from);
  else
    g_value_set_int(value, from);
}
void write(GValue* value, guint from) {
  if (G_VALUE_HOLDS_FLAGS(value))
    g_value_set_flags(value, from);
  else
    g_value_set_uint(value, from);
}
void write(GValue* value, guint64 from) { g_value_set_uint64(value, from); }
void write(GValue* value, double from) { g_value_set_double(value, from); }
void write(GValue* value, const std::string& from) { g_value_set_string(value, from.c_str()); }

void write(GValue* value, const std::optional<std::string>& from) { g_value_set_string(value, initial_of(from)); }

void write(GValue* value, const std::vector<std::string>& from) {
  for (const auto& text : from) {
    GValue one = G_VALUE_INIT;
    g_value_init(&one, G_TYPE_STRING);
    write(&one, text);
    gst_value_array_append_and_take_value(value, &one);
  }
}

}  // namespace detail

}  // namespace gvl::gst
