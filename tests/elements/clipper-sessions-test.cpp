/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper's streams at a break, which does not reach all of them at once.

#include "clips.hpp"

using gvl::test::ClipContent;
using gvl::test::content_of;
using gvl::test::FedClipper;
using gvl::test::TemporaryFolder;

namespace {

constexpr int kAgain = 20000;  // what samples are worth more that come behind a break

std::string settings(const TemporaryFolder& folder) {
  return "location=\"" + (folder.path() / "%{id}.mkv").string() + "\" pre-roll=0 post-roll=0";
}

ClipContent clip(const TemporaryFolder& folder, const char* name) {
  return content_of((folder.path() / name).string());
}

void push(FedClipper& fed, int from, int to) {
  for (int i = from; i < to; ++i) fed.push(i, i % 10 == 0);
}

void push(FedClipper::Sound& sound, int from, int to) {
  sound.push(static_cast<GstClockTime>(from) * GST_SECOND, static_cast<GstClockTime>(to) * GST_SECOND,
             100 * GST_MSECOND);
}

void wait_for_clips(const FedClipper& fed, guint64 clips) {
  while (fed.stat("clips") < clips) g_usleep(1000);
}

void expect_sound(const ClipContent& content, int first, int last) {
  fail_unless_equals_int(content.count("audio_0"), 1);
  fail_unless_equals_int(content.at("audio_0").front().first, first);
  fail_unless_equals_int(content.at("audio_0").back().first, last);
}

GVL_TEST(sound_goes_on_to_where_the_videos_format_changes) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_%u");
  fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
  push(sound, 0, 4);
  push(fed, 0, 50);
  fed.set_caps("video/x-vp8,width=32,height=24,framerate=10/1");
  push(fed, 50, 80);
  push(sound, 4, 8);
  wait_for_clips(fed, 1);
  const auto content = clip(folder, "00001.mkv");
  fail_unless_equals_int(content.at("video_0").size(), 20);
  expect_sound(content, 3000, 4900);
}

GVL_TEST(a_format_change_does_not_wait_for_sound_that_comes_behind_it) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder) + " max-clips=1");
  auto& sound = fed.add_sound("audio_%u");
  push(sound, 0, 4);
  push(fed, 0, 40);
  fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
  fed.add_event(2, 3 * GST_SECOND, 6 * GST_SECOND);  // waits for the place of the first
  push(fed, 40, 50);
  // One thread pushes all.
  fed.set_caps("video/x-vp8,width=32,height=24,framerate=10/1");
  push(fed, 50, 80);
  push(sound, 4, 8);
  wait_for_clips(fed, 2);
  for (const char* name : {"00001.mkv", "00002.mkv"}) {
    fail_unless_equals_int(clip(folder, name).at("video_0").size(), 20);
    fail_unless_equals_int(clip(folder, name).at("audio_0").front().first, 3000);
  }
}

GVL_TEST(what_came_before_a_seek_is_not_in_what_comes_behind_it) {
  for (const char* first : {"video", "sound"}) {
    const TemporaryFolder folder;
    FedClipper fed(settings(folder));
    auto& sound = fed.add_sound("audio_%u");
    push(fed, 0, 100);
    push(sound, 0, 8);
    const auto seek_video = [&] {
      fed.flush();
      push(fed, 60, 100);
    };
    const auto seek_sound = [&] {
      sound.flush();
      sound.mark(kAgain);
      push(sound, 6, 10);
    };
    if (std::string(first) == "video") {
      seek_video();
      fed.add_event(1, 7 * GST_SECOND, 9 * GST_SECOND);
      // Some of the old is on its way still.
      push(sound, 8, 9);
      seek_sound();
    } else {
      seek_sound();
      fed.add_event(2, 7 * GST_SECOND, 8 * GST_SECOND);  // of the old video
      wait_for_clips(fed, 1);
      fail_unless_equals_int(clip(folder, "00002.mkv").count("audio_0"), 0);
      seek_video();
      fed.add_event(1, 7 * GST_SECOND, 9 * GST_SECOND);
    }
    fed.end();
    sound.end();
    fed.wait_for_end();
    expect_sound(clip(folder, "00001.mkv"), kAgain + 7000, kAgain + 8900);
  }
}

GVL_TEST(a_stream_that_goes_back_waits_for_the_other) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_%u");
  push(fed, 0, 100);
  push(sound, 0, 10);
  push(fed, 0, 60);
  fed.add_event(1, 2 * GST_SECOND, 4 * GST_SECOND);
  sound.mark(kAgain);
  push(sound, 0, 6);
  wait_for_clips(fed, 1);
  expect_sound(clip(folder, "00001.mkv"), kAgain + 2000, kAgain + 3900);
  fail_unless(fed.warnings().empty(), "%s", fed.warnings()[0].c_str());
}

GVL_TEST(a_seek_of_the_video_alone_does_not_cost_its_sound_for_ever) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_%u");
  push(fed, 0, 100);
  push(sound, 0, 10);
  fed.flush();
  int at = 100;
  const auto go_on = [&] {
    push(fed, at, at + 10);
    push(sound, at / 10, at / 10 + 1);
    at += 10;
  };
  go_on();
  fed.add_event(1, 10 * GST_SECOND, 11 * GST_SECOND);
  // The first goes without it, when the flush of the sound has been waited for.
  while (fed.stat("clips") < 1) {
    go_on();
    g_usleep(100000);
  }
  const auto start = static_cast<GstClockTime>(at) * GST_SECOND / 10;
  go_on();
  go_on();
  fed.add_event(2, start, start + GST_SECOND);
  wait_for_clips(fed, 2);
  fail_unless_equals_int(clip(folder, "00002.mkv").count("audio_0"), 1);
}

}  // namespace
