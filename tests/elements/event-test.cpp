/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvl-events: what they say, and how they are read from JSON and from files, of whatever origin.

#include "gvlevent.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <cmath>
#include <cstring>

#include "gvleventfile.hpp"
#include "stream.hpp"
#include "support/temporary.hpp"

using gvl::test::uint64_of;

namespace {

GVL_TEST(events_are_clamped_and_ordered) {
  GstStructure* event = gvl_event_new(3, "grounding", "q", "t", 500, 50, 1.5, 100, 400);
  fail_unless_equals_uint64(gvl::test::uint64_of(event, "start"), 100);
  fail_unless_equals_uint64(gvl::test::uint64_of(event, "stop"), 400);
  gdouble confidence;
  fail_unless(gst_structure_get_double(event, "confidence", &confidence));
  fail_unless_equals_float(confidence, 1);
  gst_structure_free(event);
  event = gvl_event_new(3, "qa", "q", "t", GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0.5, 100, 400);
  fail_if(gst_structure_has_field(event, "start"));
  fail_if(gst_structure_has_field(event, "stop"));
  gst_structure_free(event);
}

GVL_TEST(events_are_valid_json) {
  GstStructure* event = gvl_event_new(3, "qa", "say \"h\\i\"\n\xc3\xa9\xe7\x8c\xab", "", 1, 2, 0.25, 0, 4);
  gchar* json = gvl_event_to_json(event);
  fail_unless_equals_string(
      json,
      "{\"id\":3,\"task\":\"qa\",\"query\":\"say \\\"h\\\\i\\\"\\n\xc3\xa9\xe7\x8c\xab\","
      "\"text\":\"\",\"state\":\"closed\",\"start\":1,\"stop\":2,\"confidence\":0.25,\"window-start\":0,"
      "\"window-stop\":4}");
  g_free(json);
  gst_structure_free(event);
}

// Who adds fields to an event, or makes one, is not bound to the types of ours.
GVL_TEST(events_of_others_are_valid_json) {
  GstStructure* event = gst_structure_new(
      GVL_EVENT_NAME, "id", G_TYPE_UINT, 3u, "start", G_TYPE_UINT64, GST_CLOCK_TIME_NONE, "confidence", G_TYPE_DOUBLE,
      NAN, "count", G_TYPE_INT, -2, "rate", GST_TYPE_FRACTION, 25, 2, "text", G_TYPE_STRING, nullptr, nullptr);
  gchar* json = gvl_event_to_json(event);
  fail_unless_equals_string(
      json, "{\"id\":3,\"start\":null,\"confidence\":null,\"count\":-2,\"rate\":\"25/2\",\"text\":null}");
  g_free(json);
  gst_structure_free(event);
}

GVL_TEST(events_are_read_from_json) {
  GstStructure* event = gvl_event_new(3, "qa", "say \"h\\i\"\n\xc3\xa9", "t", 1, 2, 0.25, 0, 4);
  gchar* json = gvl_event_to_json(event);
  GstStructure* read = gvl_event_from_json(json, nullptr);
  fail_unless(read && gst_structure_is_equal(event, read));
  gst_structure_free(read);
  gst_structure_free(event);
  g_free(json);

  read = gvl_event_from_json("{\"start\": 5, \"stop\": 9}", nullptr);
  fail_unless(read && uint64_of(read, "window-start") == 5 && uint64_of(read, "window-stop") == 9);
  fail_unless_equals_string(gst_structure_get_string(read, "query"), "");
  gst_structure_free(read);

  const struct {
    const char *line, *named;
  } faults[] = {{"[]", "object"},
                {"{\"start\": 1.5, \"stop\": 2}", "start"},
                {"{\"start\": -1, \"stop\": 2}", "start"},
                {"{\"start\": 3, \"stop\": 2}", "stop"},
                {"{\"query\": 7}", "query"},
                {"{\"confidence\": 1.5}", "confidence"},
                {"{\"confidence\": \"high\"}", "confidence"},
                {"{\"window-start\": 2, \"window-stop\": 1}", "window-stop"},
                {"{\"start\": 1", ""},
                {"", ""}};
  for (const auto& fault : faults) {
    GError* error = nullptr;
    fail_unless(gvl_event_from_json(fault.line, &error) == nullptr, "%s was accepted", fault.line);
    fail_unless(error && strstr(error->message, fault.named), "%s: %s", fault.line, error ? error->message : "");
    g_error_free(error);
  }
}

// What would end the process, or be read as something else, if json-glib were given it as it is.
GVL_TEST(hostile_events_are_errors) {
  const struct {
    std::string line, named;
  } faults[] = {{std::string(75000, '['), "nested deeper than 64"},
                {"{\"query\": " + std::string(70, '[') + std::string(70, ']') + "}", "nested deeper than 64"},
                {"{\"query\": \"\\ud800\"}", "lone surrogate"},
                {"{\"query\": \"\\u0000\"}", "U+0000"},
                {"{\"query\": \"\xff\"}", "UTF-8"},
                {"{\"start\": 99999999999999999999, \"stop\": 2}", "start"},
                {"{\"start\": 1, \"stop\": 2} // c", "JSON"},
                {"{\"query\": \"" + std::string(1 << 20, 'q') + "\"}", "limit"}};
  for (const auto& fault : faults) {
    GError* error = nullptr;
    fail_unless(gvl_event_from_json(fault.line.c_str(), &error) == nullptr, "%s", fault.line.substr(0, 40).c_str());
    fail_unless(error && strstr(error->message, fault.named.c_str()), "%s: %s", fault.line.substr(0, 40).c_str(),
                error ? error->message : "");
    g_error_free(error);
  }
}

GVL_TEST(hostile_files_of_events_are_errors) {
  const gvl::test::TemporaryFolder folder;
  const std::string path = folder / "events.jsonl";
  const char* const file = path.c_str();
  std::string empty_events;
  for (int i = 0; i < 100000; ++i) empty_events += "{}\n";
  const struct {
    std::string content, named;
  } faults[] = {{"{}\n" + std::string(75000, '['), "line 2: "},
                {"{}\n\n{\"query\": \"" + std::string(2 << 20, 'q'), "line 3: is longer than"},
                {empty_events, "more memory than 64 times"}};
  for (const auto& fault : faults) {
    fail_unless(g_file_set_contents(file, fault.content.data(), static_cast<gssize>(fault.content.size()), nullptr));
    GError* error = nullptr;
    fail_unless(gvl_events_load(file, &error) == nullptr, "%s was accepted", fault.named.c_str());
    fail_unless(error && strstr(error->message, file) && strstr(error->message, fault.named.c_str()), "%s",
                error ? error->message : "");
    g_clear_error(&error);
  }
  // As many events as lines that say something are fine.
  std::string events;
  for (int i = 0; i < 100000; ++i) events += "{\"start\":1,\"stop\":2}\n";
  fail_unless(g_file_set_contents(file, events.data(), static_cast<gssize>(events.size()), nullptr));
  GPtrArray* loaded = gvl_events_load(file, nullptr);
  fail_unless(loaded && loaded->len == 100000);
  g_ptr_array_unref(loaded);
}

GVL_TEST(files_of_events_are_read) {
  const gvl::test::TemporaryFolder folder;
  const std::string path = folder / "events.jsonl";
  const char* const file = path.c_str();
  fail_unless(g_file_set_contents(file, "{\"start\":1,\"stop\":2}\n\n  {\"start\":3,\"stop\":4}\r\n", -1, nullptr));
  GPtrArray* events = gvl_events_load(file, nullptr);
  fail_unless(events && events->len == 2);
  fail_unless_equals_uint64(uint64_of(static_cast<GstStructure*>(g_ptr_array_index(events, 1)), "start"), 3);
  g_ptr_array_unref(events);
  fail_unless(g_file_set_contents(file, "{}\n{\"start\":\"x\"}\n", -1, nullptr));
  GError* error = nullptr;
  fail_unless(gvl_events_load(file, &error) == nullptr);
  fail_unless(strstr(error->message, file) && strstr(error->message, "line 2") && strstr(error->message, "start"));
  g_clear_error(&error);
  g_remove(file);
  fail_unless(gvl_events_load(file, &error) == nullptr && error && strstr(error->message, file));
  g_error_free(error);
}

GVL_TEST(events_are_recognised) {
  GstStructure* event = gvl_event_new(3, "qa", "q", "t", 1, 2, 0.25, 0, 4);
  GstMessage* message = gst_message_new_element(nullptr, gst_structure_copy(event));
  GstEvent* custom = gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, event);
  GstMessage* other = gst_message_new_element(nullptr, gst_structure_new_empty("other"));
  GstEvent* eos = gst_event_new_eos();
  fail_unless(gvl_event_parse_message(message) != nullptr);
  fail_unless(gvl_event_parse_event(custom) != nullptr);
  fail_unless(gvl_event_parse_message(other) == nullptr);
  fail_unless(gvl_event_parse_event(eos) == nullptr);
  fail_unless(gvl_metadata_event_get_buffer(custom) == nullptr);
  gst_message_unref(message);
  gst_message_unref(other);
  gst_event_unref(custom);
  gst_event_unref(eos);
}

// An element reports a file that cannot be read; without one there is nothing to load.
GVL_TEST(elements_load_files_of_events) {
  const gvl::test::TemporaryFolder folder;
  const std::string file = folder / "events.jsonl";
  gvl::test::write_file(file, "{\"id\":1}\n\n{\"id\":2}\n");
  GstElement* element = gst_element_factory_make("identity", "reader");
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  std::vector<guint64> ids;
  const auto take = [&](const GstStructure* event) { ids.push_back(uint64_of(event, "id")); };
  ck_assert(gvl::gst::load_events(element, std::nullopt, take));
  ck_assert(gvl::gst::load_events(element, "", take));
  ck_assert(ids.empty());
  ck_assert(gvl::gst::load_events(element, file, take));
  ck_assert(ids == std::vector<guint64>({1, 2}));

  gvl::test::write_file(file, "{\"id\":3}\nnonsense\n");
  ck_assert(!gvl::gst::load_events(element, file, take));
  ck_assert_int_eq(ids.size(), 2);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  ck_assert(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ));
  ck_assert_msg(strstr(error->message, "events.jsonl: line 2") != nullptr, "%s", error->message);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
}

}  // namespace
