/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gvl-export.h"

/**
 * An element's properties as one table. A row says a property's name, nick and blurb, its range, and where its value
 * lives; there are no ids, and no set_property or get_property to be written.
 *
 *   struct Settings {  // its initial values are the properties' defaults
 *     std::string location = "clip.mkv";
 *     std::optional<std::string> query;  // where NULL is not the empty string
 *     std::atomic<unsigned> max_pending = 4;
 *     gvl::GenerationOptions options;
 *   };
 *
 *   static Locked<Settings> settings_of(GObject* object) {
 *     auto& state = state_of(object);
 *     return {std::unique_lock(state.mutex), state.settings};  // {{}, state.settings} where no lock is needed
 *   }
 *
 *   // in class_init:
 *   PropertyTable table(object_class, settings_of, GST_PARAM_MUTABLE_PLAYING);
 *   table.text({"location", "Location", "Where clips go", GST_PARAM_MUTABLE_READY}, &Settings::location);
 *   table.number({"max-pending", "Maximum pending", "..."}, &Settings::max_pending, Range{1, G_MAXINT}, update_limit);
 *   table.number({"seed", "Seed", "..."}, [](auto& settings) -> auto& { return settings.options.seed; },
 *                Range<guint64>{0, G_MAXUINT64});
 *   table.enumeration({"keyframe", "Keyframe", "..."}, &Settings::keyframe, gvl_keyframe_get_type());
 *   install_stats(object_class, "what is counted", stats_of);
 *
 * The type of a number's range is the property's: int, guint, guint64 or double. Where the value lives is a member
 * pointer, or a function that returns a reference; std::atomic will do. What is to be done when a property was set
 * (update_limit(GObject*) above) runs after the lock is released. For what fits no row (the properties of another
 * object, say) there is install_property().
 */
namespace gvl::gst {

/** How a property is written and read. */
struct Accessors {
  std::function<void(GObject*, const GValue*)> set;  ///< empty: it is read-only
  std::function<void(GObject*, GValue*)> get;
};

/** Installs a property (transfer full), and what calls its accessors, in `klass`. */
GVL_API void install_property(GObjectClass* klass, GParamSpec* spec, Accessors accessors);

/** Installs the read-only property `stats`. */
GVL_API void install_stats(GObjectClass* klass, const char* blurb, GstStructure* (*stats_of)(GObject*));

/**
 * Gives `klass`, a bin's, the properties of its element `child_of`, which is of `type`: those of its own that can be
 * written as well as read, unless `klass` has one of that name.
 */
GVL_API void forward_properties(GObjectClass* klass, GType type, GObject* (*child_of)(GObject*));

/** What a property is called, and the state in which it may last be set where that is not the table's. */
struct PropertyName {
  const char* name;
  const char* nick;
  const char* blurb;
  std::optional<int> mutability = std::nullopt;  ///< GST_PARAM_MUTABLE_READY, ...
};

/** From the least to the most value, inclusive. */
template <typename Number>
struct Range {
  Number least, most;
};

/** The settings of an object, for as long as this exists. */
template <typename Settings>
struct Locked {
  std::unique_lock<std::mutex> lock;
  Settings& settings;
};

namespace detail {

GVL_API GParamSpec* number_spec(const PropertyName& name, Range<int> range, int initial, GParamFlags flags);
GVL_API GParamSpec* number_spec(const PropertyName& name, Range<guint> range, guint initial, GParamFlags flags);
GVL_API GParamSpec* number_spec(const PropertyName& name, Range<guint64> range, guint64 initial, GParamFlags flags);
GVL_API GParamSpec* number_spec(const PropertyName& name, Range<double> range, double initial, GParamFlags flags);
GVL_API GParamSpec* texts_spec(const PropertyName& name, GParamFlags flags);

GVL_API void read(const GValue* value, bool& to);
GVL_API void read(const GValue* value, int& to);    // an enumeration's, too
GVL_API void read(const GValue* value, guint& to);  // flags' too
GVL_API void read(const GValue* value, guint64& to);
GVL_API void read(const GValue* value, double& to);
GVL_API void read(const GValue* value, std::string& to);  // empty for NULL
GVL_API void read(const GValue* value, std::optional<std::string>& to);
GVL_API void read(const GValue* value, std::vector<std::string>& to);

GVL_API void write(GValue* value, bool from);
GVL_API void write(GValue* value, int from);
GVL_API void write(GValue* value, guint from);
GVL_API void write(GValue* value, guint64 from);
GVL_API void write(GValue* value, double from);
GVL_API void write(GValue* value, const std::string& from);
GVL_API void write(GValue* value, const std::optional<std::string>& from);
GVL_API void write(GValue* value, const std::vector<std::string>& from);

template <typename Stored>
Stored load(const Stored& stored) {
  return stored;
}

template <typename Stored>
Stored load(const std::atomic<Stored>& stored) {
  return stored.load();
}

inline const char* initial_of(const std::string& text) { return text.c_str(); }
inline const char* initial_of(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

}  // namespace detail

template <typename Settings>
class PropertyTable {
 public:
  using Access = Locked<Settings> (*)(GObject*);
  using Changed = std::function<void(GObject*)>;

  PropertyTable(GObjectClass* klass, Access access, int mutability)
      : klass_(klass), access_(access), mutability_(mutability) {}

  template <typename Place>
  void boolean(const PropertyName& name, Place place, Changed changed = {}) {
    const bool initial = detail::load(std::invoke(place, initial_));
    add<bool>(g_param_spec_boolean(name.name, name.nick, name.blurb, initial, flags(name)), place, changed);
  }

  template <typename Place, typename Number>
  void number(const PropertyName& name, Place place, Range<Number> range, Changed changed = {}) {
    const auto initial = static_cast<Number>(detail::load(std::invoke(place, initial_)));
    add<Number>(detail::number_spec(name, range, initial, flags(name)), place, changed);
  }

  template <typename Place>
  void enumeration(const PropertyName& name, Place place, GType type, Changed changed = {}) {
    const auto initial = static_cast<int>(detail::load(std::invoke(place, initial_)));
    add<int>(g_param_spec_enum(name.name, name.nick, name.blurb, type, initial, flags(name)), place, changed);
  }

  /** A set of flags, stored as guint. */
  template <typename Place>
  void flag_set(const PropertyName& name, Place place, GType type, Changed changed = {}) {
    const auto initial = static_cast<guint>(detail::load(std::invoke(place, initial_)));
    add<guint>(g_param_spec_flags(name.name, name.nick, name.blurb, type, initial, flags(name)), place, changed);
  }

  /** std::string or std::optional<std::string>. */
  template <typename Place>
  void text(const PropertyName& name, Place place, Changed changed = {}) {
    using Stored = std::remove_cvref_t<std::invoke_result_t<Place, Settings&>>;
    const char* initial = detail::initial_of(std::invoke(place, initial_));
    add<Stored>(g_param_spec_string(name.name, name.nick, name.blurb, initial, flags(name)), place, changed);
  }

  /** std::vector<std::string>, as a GstValueArray. */
  template <typename Place>
  void texts(const PropertyName& name, Place place, Changed changed = {}) {
    add<std::vector<std::string>>(detail::texts_spec(name, flags(name)), place, changed);
  }

 private:
  template <typename Value, typename Place>
  void add(GParamSpec* spec, Place place, Changed changed) {
    const auto set = [access = access_, place, changed](GObject* object, const GValue* value) {
      using Stored = decltype(detail::load(std::invoke(place, std::declval<Settings&>())));
      Value read{};
      detail::read(value, read);
      {
        const auto locked = access(object);
        std::invoke(place, locked.settings) = static_cast<Stored>(std::move(read));
      }
      if (changed) changed(object);
    };
    const auto get = [access = access_, place](GObject* object, GValue* value) {
      const auto locked = access(object);
      detail::write(value, static_cast<Value>(detail::load(std::invoke(place, locked.settings))));
    };
    install_property(klass_, spec, {set, get});
  }

  GParamFlags flags(const PropertyName& name) const {
    return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | name.mutability.value_or(mutability_));
  }

  const Settings initial_{};
  GObjectClass* klass_;
  Access access_;
  int mutability_;
};

}  // namespace gvl::gst
