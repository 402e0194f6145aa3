/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper with `alerts`: clips of events that go on, and what their descriptions say when those are over.

#include <filesystem>

#include "clips.hpp"

using gvl::test::content_of;
using gvl::test::FedClipper;
using gvl::test::TemporaryFolder;
using gvl::test::text_of_file;

namespace {

namespace fs = std::filesystem;

std::string settings(const TemporaryFolder& folder, const char* more = "") {
  return "location=\"" + (folder.path() / "%{id}.mkv").string() +
         "\" alerts=true pre-roll=1000000000 post-roll=1000000000 " + more;
}

std::string file(const TemporaryFolder& folder, const char* name) { return (folder.path() / name).string(); }

/** Ten frames a second, a keyframe each second. */
void push(FedClipper& fed, int from, int to) {
  for (int i = from; i < to; ++i) fed.push(i, i % 10 == 0);
}

void expect_frames(const TemporaryFolder& folder, const char* name, int from, int to) {
  const auto frames = content_of(file(folder, name)).at("video_0");
  fail_unless_equals_int(frames.size(), to - from);
  fail_unless_equals_uint64(frames.back().time, static_cast<guint64>(to - from - 1) * GST_SECOND / 10);
}

void expect_says(const TemporaryFolder& folder, const char* name, std::initializer_list<const char*> parts) {
  const std::string text = text_of_file(file(folder, name));
  for (const char* part : parts) fail_unless(text.find(part) != text.npos, "%s: no %s", text.c_str(), part);
}

GVL_TEST(only_what_is_over_has_a_clip_unless_asked) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "alerts=false"));
  push(fed, 0, 50);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 50, 80);
  fail_unless(fs::is_empty(folder.path()));
  fed.tell(7, "closed", 3 * GST_SECOND, 5 * GST_SECOND);
  fed.end();
  fed.wait_for_end();
  expect_frames(folder, "00007.mkv", 20, 60);
}

GVL_TEST(a_clip_begins_when_its_event_opens_and_ends_behind_it) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  // Before anybody knows when it is over.
  fail_unless(fs::exists(file(folder, "00007.mkv")));
  push(fed, 40, 50);
  fed.tell(7, "update", 3 * GST_SECOND);
  fed.tell(7, "closed", 3 * GST_SECOND, 5500 * GST_MSECOND);
  push(fed, 50, 80);
  while (fed.stat("clips") < 1) g_usleep(1000);
  expect_frames(folder, "00007.mkv", 20, 65);
  expect_says(folder, "00007.json",
              {"\"id\":7", "\"state\":\"closed\"", "\"start\":3000000000,", "\"stop\":5500000000",
               "\"clip-start\":2000000000,\"clip-stop\":6500000000"});
  fail_unless_equals_uint64(fed.stat("events"), 1);
  fail_unless(fed.warnings().empty());
}

GVL_TEST(exact_times_that_come_late_are_in_the_description) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 90);
  // What is in the file stays.
  fed.tell(7, "closed", 3400 * GST_MSECOND, 4 * GST_SECOND);
  push(fed, 90, 100);
  while (fed.stat("clips") < 1) g_usleep(1000);
  expect_frames(folder, "00007.mkv", 20, 90);
  expect_says(folder, "00007.json",
              {"\"state\":\"closed\"", "\"start\":3400000000,", "\"stop\":4000000000",
               "\"clip-start\":2000000000,\"clip-stop\":9000000000"});
}

GVL_TEST(sound_ends_with_the_video) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_%u");
  sound.push(0, 12 * GST_SECOND, 100 * GST_MSECOND);
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 60);
  fed.tell(7, "closed", 3 * GST_SECOND, 6 * GST_SECOND);
  push(fed, 60, 100);
  while (fed.stat("clips") < 1) g_usleep(1000);
  const auto content = content_of(file(folder, "00007.mkv"));
  fail_unless_equals_int(content.at("video_0").size(), 50);
  fail_unless_equals_int(content.at("audio_0").front().first, 2000);
  fail_unless_equals_int(content.at("audio_0").back().first, 6900);
}

GVL_TEST(a_withdrawn_event_leaves_what_was_recorded) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 60);
  fed.tell(7, "withdrawn", 3 * GST_SECOND);
  push(fed, 60, 80);
  while (fed.stat("clips") < 1) g_usleep(1000);
  expect_frames(folder, "00007.mkv", 20, 60);
  expect_says(folder, "00007.json", {"\"state\":\"withdrawn\"", "\"clip-stop\":6000000000"});
  fail_unless(text_of_file(file(folder, "00007.json")).find("\"stop\"") == std::string::npos);
  fail_unless(fed.warnings().empty());
}

GVL_TEST(what_is_withdrawn_before_it_has_a_clip_has_none) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "max-clips=1"));
  push(fed, 0, 40);
  fed.tell(1, "open", 3 * GST_SECOND);
  fed.tell(2, "open", 3 * GST_SECOND);   // waits for a place
  fed.tell(3, "open", 20 * GST_SECOND);  // the video has not reached it
  fed.tell(2, "withdrawn", 3 * GST_SECOND);
  fed.tell(3, "withdrawn", 20 * GST_SECOND);
  fed.tell(1, "closed", 3 * GST_SECOND, 4 * GST_SECOND);
  push(fed, 40, 80);
  fed.end();
  fed.wait_for_end();
  fail_unless(fed.warnings().empty(), "%s", fed.warnings()[0].c_str());
  fail_unless_equals_uint64(fed.stat("clips"), 1);
}

GVL_TEST(an_event_that_is_never_over_has_a_bounded_clip) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "max-alert=4000000000 post-roll=0"));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 100);
  while (fed.warnings().empty()) g_usleep(1000);
  fail_unless(fed.warnings()[0].find("Event 7") != std::string::npos &&
                  fed.warnings()[0].find("max-alert") != std::string::npos,
              "%s", fed.warnings()[0].c_str());
  // It is described when its end is known.
  fed.tell(7, "closed", 3 * GST_SECOND, 9 * GST_SECOND);
  while (fed.stat("clips") < 1) g_usleep(1000);
  expect_frames(folder, "00007.mkv", 20, 70);
  expect_says(folder, "00007.json", {"\"state\":\"closed\"", "\"stop\":9000000000", "\"clip-stop\":7000000000"});
  fail_unless_equals_int(fed.warnings().size(), 1);
}

GVL_TEST(descriptions_that_wait_are_bounded) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "max-alert=1000000000 post-roll=0 max-clips=2"));
  for (guint64 id = 1; id <= 6; ++id) {
    const int at = static_cast<int>(id) * 20;
    push(fed, at, at + 5);
    fed.tell(id, "open", static_cast<GstClockTime>(at) * GST_SECOND / 10);
    push(fed, at + 5, at + 20);
    // Its file is complete.
    while (fed.warnings().size() < id) g_usleep(1000);
  }
  // Of all but the last two it says what is known.
  while (fed.stat("clips") < 4) g_usleep(1000);
  fail_unless_equals_uint64(fed.stat("clips"), 4);
  expect_says(folder, "00001.json", {"\"state\":\"open\""});
  fail_if(fs::exists(file(folder, "00006.json")));
  // What was given up has its clip: it begins no second one when it is over.
  fed.tell(2, "update", 4 * GST_SECOND);
  fed.tell(2, "closed", 4 * GST_SECOND, 5 * GST_SECOND);
  // Its number may come again.
  fed.tell(1, "open", 13 * GST_SECOND);
  fed.end();
  fed.wait_for_end();
  fail_unless_equals_uint64(fed.stat("clips"), 7);
  fail_unless(fs::exists(file(folder, "00001-2.mkv")));
}

GVL_TEST(what_is_open_at_the_end_stays_open) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 60);
  fed.end();
  fed.wait_for_end();
  expect_frames(folder, "00007.mkv", 20, 60);
  expect_says(folder, "00007.json", {"\"state\":\"open\"", "\"clip-stop\":6000000000"});
  fail_unless(fed.warnings().empty());
}

GVL_TEST(events_that_come_behind_the_video_are_waited_for) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  GstPad* events = fed.request("events");
  gst_pad_send_event(events, gst_event_new_stream_start("events"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(events, gst_event_new_segment(&segment));
  const auto tell = [events](const std::string& line) {
    fail_unless_equals_int(gst_pad_chain(events, gst_buffer_new_memdup(line.c_str(), line.size())), GST_FLOW_OK);
  };
  push(fed, 0, 40);
  tell("{\"id\":7,\"state\":\"open\",\"start\":3000000000}\n");
  push(fed, 40, 60);
  fed.end();
  tell("{\"id\":7,\"state\":\"closed\",\"start\":3000000000,\"stop\":5000000000}\n");
  gst_pad_send_event(events, gst_event_new_eos());
  fed.wait_for_end();
  expect_frames(folder, "00007.mkv", 20, 60);
  expect_says(folder, "00007.json", {"\"state\":\"closed\"", "\"stop\":5000000000"});
  fed.release(events);
}

GVL_TEST(a_flush_ends_what_is_open) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  push(fed, 40, 60);
  fed.flush();
  while (fed.stat("clips") < 1) g_usleep(1000);
  expect_frames(folder, "00007.mkv", 20, 60);
  expect_says(folder, "00007.json", {"\"state\":\"open\"", "\"clip-stop\":6000000000"});
  fail_unless_equals_int(fed.warnings().size(), 1);
  fail_unless(fed.warnings()[0].find("flushed") != std::string::npos, "%s", fed.warnings()[0].c_str());
  // The same number may come again.
  push(fed, 10, 40);
  fed.tell(7, "open", 2 * GST_SECOND);
  push(fed, 40, 50);
  fed.tell(7, "closed", 2 * GST_SECOND, 4 * GST_SECOND);
  push(fed, 50, 70);
  while (fed.stat("clips") < 2) g_usleep(1000);
  expect_frames(folder, "00007-2.mkv", 10, 50);
  expect_says(folder, "00007-2.json", {"\"state\":\"closed\"", "\"stop\":4000000000"});
}

GVL_TEST(events_of_two_cameras_are_two) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  const auto tell = [&fed](const char* source, const char* state, GstClockTime stop) {
    fed.tell_of(source, 7, state, 3 * GST_SECOND, stop);
  };
  push(fed, 0, 40);
  tell("gate", "open", 0);
  tell("yard", "open", 0);
  tell("gate", "closed", 5 * GST_SECOND);
  push(fed, 40, 80);
  while (fed.stat("clips") < 1) g_usleep(1000);
  fed.end();
  fed.wait_for_end();
  expect_frames(folder, "00007.mkv", 20, 60);
  expect_frames(folder, "00007-2.mkv", 20, 80);
  expect_says(folder, "00007-2.json", {"\"source\":\"yard\"", "\"state\":\"open\""});
}

}  // namespace
