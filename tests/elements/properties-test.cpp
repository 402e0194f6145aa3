/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A row of a table of properties is all that a property needs: it is installed, set, read, and forwarded by a bin.

#include "gvlproperties.hpp"

#include <atomic>

#include "stream.hpp"

using gvl::gst::Locked;
using gvl::gst::PropertyTable;
using gvl::gst::Range;

enum class Colour { kRed, kGreen };

struct Settings {
  bool wanted = true;
  int level = -3;
  std::atomic<unsigned> limit = 4;
  guint64 seed = 7;
  double share = 0.5;
  std::atomic<Colour> colour = Colour::kGreen;
  std::string place = "here";
  std::optional<std::string> query;
  std::vector<std::string> queries;
};

struct Painter {
  GstElement parent;
  std::mutex* mutex;
  Settings* settings;
  int changes;
};

struct PainterClass {
  GstElementClass parent_class;
};

struct Studio {
  GstBin parent;
  GstElement* painter;
};

struct StudioClass {
  GstBinClass parent_class;
};

G_DEFINE_TYPE(Painter, painter, GST_TYPE_ELEMENT)
G_DEFINE_TYPE(Studio, studio, GST_TYPE_BIN)

static GType colour_type() {
  static const GEnumValue values[] = {{0, "Red", "red"}, {1, "Green", "green"}, {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("TestColour", values);
  return type;
}

static Painter* painter_of(GObject* object) { return reinterpret_cast<Painter*>(object); }

static Locked<Settings> settings_of(GObject* object) {
  return {std::unique_lock(*painter_of(object)->mutex), *painter_of(object)->settings};
}

// Runs without the lock: it can be taken.
static void count_change(GObject* object) {
  std::lock_guard lock(*painter_of(object)->mutex);
  ++painter_of(object)->changes;
}

static GstStructure* stats_of(GObject* object) {
  return gst_structure_new("stats", "changes", G_TYPE_INT, painter_of(object)->changes, nullptr);
}

static void painter_finalize(GObject* object) {
  delete painter_of(object)->settings;
  delete painter_of(object)->mutex;
  G_OBJECT_CLASS(painter_parent_class)->finalize(object);
}

static void painter_class_init(PainterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = painter_finalize;
  PropertyTable table(object_class, settings_of, GST_PARAM_MUTABLE_PLAYING);
  table.boolean({"wanted", "Wanted", "Whether"}, &Settings::wanted);
  table.number({"level", "Level", "An int"}, &Settings::level, Range{-5, 5}, count_change);
  table.number({"limit", "Limit", "An int of an unsigned"}, &Settings::limit, Range{1, G_MAXINT});
  table.number(
      {"seed", "Seed", "A guint64"}, [](auto& settings) -> auto& { return settings.seed; },
      Range<guint64>{0, G_MAXUINT64});
  table.number({"share", "Share", "A double"}, &Settings::share, Range{0.0, 1.0});
  table.enumeration({"colour", "Colour", "Which"}, &Settings::colour, colour_type());
  table.text({"place", "Place", "Where", GST_PARAM_MUTABLE_READY}, &Settings::place);
  table.text({"query", "Query", "What"}, &Settings::query);
  table.texts({"queries", "Queries", "More"}, &Settings::queries);
  gvl::gst::install_stats(object_class, "What was counted", stats_of);
}

static void painter_init(Painter* self) {
  self->mutex = new std::mutex();
  self->settings = new Settings();
}

static void studio_class_init(StudioClass* klass) {
  gvl::gst::forward_properties(G_OBJECT_CLASS(klass), painter_get_type(),
                               [](GObject* object) { return G_OBJECT(reinterpret_cast<Studio*>(object)->painter); });
}

static void studio_init(Studio* self) {
  self->painter = GST_ELEMENT(g_object_new(painter_get_type(), nullptr));
  gst_bin_add(GST_BIN(self), self->painter);
}

namespace {

/** What gst-inspect and gst-launch would read. */
std::string value_of(gpointer object, const char* name) {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(object), name, &value);
  gchar* text = gst_value_serialize(&value);
  const std::string copied = text ? text : "";
  g_free(text);
  g_value_unset(&value);
  return copied;
}

struct Row {
  const char *name, *initial, *set, *then;
};

const Row kRows[] = {
    {"wanted", "true", "false", "false"},
    {"level", "-3", "5", "5"},
    {"limit", "4", "9", "9"},
    {"seed", "7", "18446744073709551615", "18446744073709551615"},
    {"share", "0.5", "0.25", "0.25"},
    {"colour", "green", "red", "red"},
    {"place", "here", "there", "there"},
    {"query", "", "what", "what"},
    {"queries", "<  >", "<\"one\",\"two\">", "< (string)one, (string)two >"},
};

GParamSpec* spec_of(gpointer object, const char* name) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);
  ck_assert_msg(spec != nullptr, "%s", name);
  return spec;
}

void check_rows(gpointer object) {
  for (const auto& row : kRows) {
    const auto initial = value_of(object, row.name);
    ck_assert_msg(initial == row.initial, "%s is %s at first", row.name, initial.c_str());
    gst_util_set_object_arg(G_OBJECT(object), row.name, row.set);
    const auto then = value_of(object, row.name);
    ck_assert_msg(then == row.then, "%s is %s", row.name, then.c_str());
  }
}

}  // namespace

GVL_TEST(every_kind_of_row_is_set_and_read) {
  auto* painter = static_cast<Painter*>(g_object_new(painter_get_type(), nullptr));
  check_rows(painter);
  ck_assert_int_eq(painter->changes, 1);
  ck_assert(painter->settings->colour == Colour::kRed);
  ck_assert_uint_eq(painter->settings->limit, 9);
  g_object_set(painter, "query", nullptr, "place", nullptr, nullptr);
  ck_assert(!painter->settings->query);
  ck_assert(painter->settings->place.empty());
  gst_object_unref(painter);
}

GVL_TEST(a_row_says_when_its_property_may_be_set) {
  gpointer painter = g_object_new(painter_get_type(), nullptr);
  ck_assert(spec_of(painter, "place")->flags & GST_PARAM_MUTABLE_READY);
  ck_assert(!(spec_of(painter, "place")->flags & GST_PARAM_MUTABLE_PLAYING));
  ck_assert(spec_of(painter, "query")->flags & GST_PARAM_MUTABLE_PLAYING);
  ck_assert(!(spec_of(painter, "stats")->flags & G_PARAM_WRITABLE));
  gst_object_unref(painter);
}

GVL_TEST(a_bin_forwards_the_settings_of_its_element) {
  auto* studio = static_cast<Studio*>(g_object_new(studio_get_type(), nullptr));
  check_rows(studio);
  ck_assert_str_eq(value_of(studio->painter, "place").c_str(), "there");
  ck_assert_str_eq(g_param_spec_get_blurb(spec_of(studio, "limit")), "An int of an unsigned");
  ck_assert_int_eq(G_PARAM_SPEC_INT(spec_of(studio, "level"))->minimum, -5);
  ck_assert(g_object_class_find_property(G_OBJECT_GET_CLASS(studio), "stats") == nullptr);
  gst_object_unref(studio);
}
