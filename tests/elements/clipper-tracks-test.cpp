/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper's other streams: what of them is in its files, and that no stream waits for another in it.

#include <atomic>
#include <thread>

#include "clips.hpp"

using gvl::test::ClipContent;
using gvl::test::content_of;
using gvl::test::FedClipper;
using gvl::test::TemporaryFolder;

namespace {

constexpr GstClockTime kLong = 70 * GST_MSECOND;  // of a packet of sound: no frame begins with one

constexpr const char* kEncoded = "audio/mpeg,mpegversion=1,layer=3,rate=48000,channels=1,parsed=true";

std::string settings(const TemporaryFolder& folder, const char* more = "") {
  return "location=\"" + (folder.path() / "%{id}.mkv").string() + "\" pre-roll=0 post-roll=0 " + more;
}

std::string clip(const TemporaryFolder& folder, const char* name = "00001.mkv") {
  return (folder.path() / name).string();
}

/** Of the seconds 3 to 5, with all of the sound. */
void expect_whole(const std::string& file, std::size_t tracks) {
  const ClipContent content = content_of(file);
  fail_unless_equals_int(content.at("video_0").size(), 20);
  fail_unless_equals_int(content.size(), 1 + tracks);
  for (const auto& [name, packets] : content) {
    if (name == "video_0") continue;
    // Sample N is worth N: it is cut to the sample, and nothing is missing, doubled or out of place.
    int next = 3000;
    for (const auto& packet : packets) {
      fail_unless_equals_int(packet.first, next);
      fail_unless_equals_uint64(packet.time, static_cast<guint64>(next - 3000) * GST_MSECOND);
      next += packet.samples;
    }
    fail_unless_equals_int(next, 5000);
  }
}

GVL_TEST(each_order_of_coming_is_written_alike) {
  // What is pushed here by one thread would wait for ever where a stream waited for another.
  for (const char* order : {"video first", "sound first", "one track last", "in turn"}) {
    const TemporaryFolder folder;
    FedClipper fed(settings(folder));
    auto &first = fed.add_sound("audio_%u"), &second = fed.add_sound("audio_%u");
    fed.add_event(1, 3050 * GST_MSECOND, 5 * GST_SECOND);
    const std::string how = order;
    const auto all = [&](FedClipper::Sound& sound) {
      sound.push(0, 8 * GST_SECOND, kLong);
      sound.end();
    };
    if (how == "sound first") {
      all(first);
      all(second);
    }
    if (how == "one track last") all(second);
    for (int i = 0; i < 80; ++i) {
      fed.push(i, i % 10 == 0);
      if (how != "in turn") continue;
      first.push(static_cast<GstClockTime>(i) * GST_SECOND / 10, static_cast<GstClockTime>(i + 1) * GST_SECOND / 10,
                 kLong);
      second.push(static_cast<GstClockTime>(i) * GST_SECOND / 10, static_cast<GstClockTime>(i + 1) * GST_SECOND / 10,
                  30 * GST_MSECOND);
    }
    fed.end();
    if (how == "video first") all(second);
    if (how == "video first" || how == "one track last") all(first);
    first.end();
    second.end();
    fed.wait_for_end();
    fail_unless(fed.warnings().empty(), "%s: %s", order, fed.warnings().front().c_str());
    expect_whole(clip(folder), 2);
  }
}

GVL_TEST(what_begins_before_the_frame_is_heard_from_its_packet_on) {
  // Encoded, it cannot be cut: the packet that is heard at 3 s begins at 2.94 s.
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_3", kEncoded);
  fail_unless_equals_string(GST_PAD_NAME(sound.pad()), "audio_3");
  fed.add_event(1, 3 * GST_SECOND, 5 * GST_SECOND);
  sound.push(0, 8 * GST_SECOND, kLong);
  sound.end();
  for (int i = 0; i < 80; ++i) fed.push(i, i % 10 == 0);
  fed.end();
  fed.wait_for_end();
  const ClipContent content = content_of(clip(folder));
  fail_unless_equals_int(content.at("audio_0").front().first, 2940);
  fail_unless_equals_uint64(content.at("audio_0").front().time, 0);
  fail_unless_equals_uint64(content.at("video_0").front().time, 60 * GST_MSECOND);
  fail_unless_equals_int(content.at("audio_0").back().first, 4970);
}

GVL_TEST(nobody_waits_for_what_is_not_there) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  fed.add_sound("audio_%u").end();             // it has ended,
  GstPad* unlinked = fed.request("audio_%u");  // it is not linked,
  auto& early = fed.add_sound("audio_%u");     // it ends in the clip,
  auto& silent = fed.add_sound("audio_%u");    // and it brings nothing
  GstPad* subtitles = fed.request("subtitle_%u");
  fed.add_event(1, 3 * GST_SECOND, 5 * GST_SECOND);
  early.push(0, 4 * GST_SECOND, kLong);
  early.end();
  for (int i = 0; i < 80; ++i) fed.push(i, i % 10 == 0);
  fed.end();
  fed.wait_for_end();
  const ClipContent content = content_of(clip(folder));
  fail_unless_equals_int(content.size(), 2);
  fail_unless_equals_int(content.at("video_0").size(), 20);
  fail_unless_equals_int(content.at("audio_0").front().first, 3000);
  fail_unless_equals_int(fed.warnings().size(), 1);
  fail_unless(fed.warnings()[0].find(GST_PAD_NAME(silent.pad())) != std::string::npos, "%s", fed.warnings()[0].c_str());
  fed.release(unlinked);
  fed.release(subtitles);
}

GVL_TEST(gaps_hold_up_no_clip) {
  // Matroska's muxer knows no gaps, QuickTime's does.
  for (const auto& [muxer, demuxer] : {std::pair("matroskamux", "matroskademux"), std::pair("qtmux", "qtdemux")}) {
    const TemporaryFolder folder;
    FedClipper fed(settings(folder, (std::string("muxer=") + muxer).c_str()), "image/jpeg");
    auto& sound = fed.add_sound("audio_%u", kEncoded);
    fed.add_event(1, 3 * GST_SECOND, 25 * GST_SECOND);
    sound.push(0, 12 * GST_SECOND, 100 * GST_MSECOND);
    for (int i = 0; i < 300; ++i) {
      fed.push(i, true);
      if (i >= 120) sound.gap(static_cast<GstClockTime>(i) * GST_SECOND / 10, GST_SECOND / 10);
    }
    // Neither has ended.
    while (fed.stat("clips") < 1) g_usleep(1000);
    const ClipContent content = content_of(clip(folder), demuxer);
    fail_unless_equals_int(content.at("video_0").size(), 220);
    fail_unless_equals_int(content.at("audio_0").front().first, 3000);
    fail_unless_equals_int(content.at("audio_0").back().first, 11900);
  }
}

GVL_TEST(a_hole_is_a_hole) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& sound = fed.add_sound("audio_%u");
  fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
  sound.push(0, 4 * GST_SECOND, 100 * GST_MSECOND);
  for (int i = 0; i < 80; ++i) fed.push(i, i % 10 == 0);
  sound.push(5 * GST_SECOND, 8 * GST_SECOND, 100 * GST_MSECOND);
  while (fed.stat("clips") < 1) g_usleep(1000);
  const auto packets = content_of(clip(folder)).at("audio_0");
  fail_unless_equals_int(packets.size(), 20);
  fail_unless_equals_int(packets[10].first, 5000);
  fail_unless_equals_uint64(packets[10].time, 2 * GST_SECOND);
}

GVL_TEST(another_format_or_a_step_back_ends_a_clips_track) {
  for (const char* break_by : {"format", "step back", "flush"}) {
    const TemporaryFolder folder;
    FedClipper fed(settings(folder));
    auto& sound = fed.add_sound("audio_%u");
    fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
    for (int i = 0; i < 40; ++i) fed.push(i, i % 10 == 0);
    sound.push(0, 4 * GST_SECOND, 100 * GST_MSECOND);
    const std::string by = break_by;
    if (by == "format") sound.set_caps("audio/x-raw,format=S16LE,layout=interleaved,rate=1000,channels=2");
    if (by == "flush") sound.flush();
    sound.push(by == "step back" ? 0 : 4 * GST_SECOND, 8 * GST_SECOND, 100 * GST_MSECOND);
    for (int i = 40; i < 80; ++i) fed.push(i, i % 10 == 0);
    while (fed.stat("clips") < 1) g_usleep(1000);
    const ClipContent content = content_of(clip(folder));
    fail_unless_equals_int(content.at("audio_0").size(), 10);
    fail_unless_equals_int(content.at("video_0").size(), 30);
    fail_unless_equals_int(fed.warnings().size(), by == "flush" ? 0 : 1);
    // The next has what comes since. Of a break it is not known whether the video has one, too.
    if (by != "format") continue;
    fed.add_event(2, 6 * GST_SECOND, 7 * GST_SECOND);
    while (fed.stat("clips") < 2) g_usleep(1000);
    fail_unless_equals_int(content_of(clip(folder, "00002.mkv")).at("audio_0").size(), 10);
  }
}

GVL_TEST(what_the_muxer_does_not_take_is_named_and_left_out) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "muxer=webmmux"));
  auto& sound = fed.add_sound("audio_%u", "audio/x-vorbis,rate=48000,channels=1");
  GstCaps* taken = gst_pad_query_caps(sound.pad(), nullptr);
  GstCaps *opus = gst_caps_from_string("audio/x-opus"), *video = gst_caps_from_string("video/x-vp8");
  fail_unless(gst_caps_can_intersect(taken, opus));
  fail_if(gst_caps_can_intersect(taken, video));
  gst_caps_unref(taken);
  gst_caps_unref(opus);
  gst_caps_unref(video);
  sound.set_caps("audio/x-ac3,rate=48000,channels=1");
  fail_unless_equals_int(fed.warnings().size(), 1);
  const std::string warning = fed.warnings()[0];
  fail_unless(warning.find("audio_0") != warning.npos && warning.find("webmmux") != warning.npos &&
                  warning.find("audio/x-ac3") != warning.npos,
              "%s", warning.c_str());
  fed.add_event(1, 3 * GST_SECOND, 5 * GST_SECOND);
  sound.push(0, 8 * GST_SECOND, kLong);
  for (int i = 0; i < 80; ++i) fed.push(i, i % 10 == 0);
  // Nobody waits for it.
  while (fed.stat("clips") < 1) g_usleep(1000);
  const ClipContent content = content_of(clip(folder));
  fail_unless_equals_int(content.size(), 1);
  fail_unless_equals_int(content.at("video_0").size(), 20);
  fail_unless_equals_int(fed.warnings().size(), 1);
}

GVL_TEST(a_pad_may_outlive_its_element) {
  GstPad *pad = nullptr, *source = gst_pad_new("source", GST_PAD_SRC);
  {
    FedClipper fed("");
    pad = fed.request("audio_%u");
  }
  // Nothing here may ask the element that is gone; a sanitizer sees it.
  GstCaps* taken = gst_pad_query_caps(pad, nullptr);
  fail_unless(taken != nullptr);
  gst_caps_unref(taken);
  fail_unless_equals_int(gst_pad_link(source, pad), GST_PAD_LINK_OK);
  gst_pad_send_event(pad, gst_event_new_flush_start());
  gst_pad_send_event(pad, gst_event_new_flush_stop(TRUE));
  gst_pad_unlink(source, pad);
  gst_object_unref(source);
  gst_object_unref(pad);
}

gboolean count_seeks(GstPad* pad, GstObject*, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) ++*static_cast<int*>(gst_pad_get_element_private(pad));
  gst_event_unref(event);
  return TRUE;
}

GVL_TEST(a_seek_reaches_what_comes_beside_the_video) {
  FedClipper fed("");
  int seeks = 0;
  GstPad *pad = fed.request("audio_%u"), *source = gst_pad_new("source", GST_PAD_SRC);
  gst_pad_set_element_private(source, &seeks);
  gst_pad_set_event_function(source, count_seeks);
  gst_pad_set_active(source, TRUE);
  fail_unless_equals_int(gst_pad_link(source, pad), GST_PAD_LINK_OK);
  fail_unless(gst_element_seek_simple(fed.element(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  fail_unless_equals_int(seeks, 1);
  gst_pad_unlink(source, pad);
  gst_object_unref(source);
  fed.release(pad);
}

GVL_TEST(subtitles_are_written_where_they_are_shown) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder));
  auto& text = fed.add_sound("subtitle_%u", "text/x-raw,format=utf8");
  fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
  text.push_one(2500 * GST_MSECOND, GST_SECOND);  // shown when the clip begins
  text.push_one(4 * GST_SECOND, GST_SECOND);
  text.push_one(7 * GST_SECOND, GST_SECOND);
  for (int i = 0; i < 80; ++i) fed.push(i, i % 10 == 0);
  while (fed.stat("clips") < 1) g_usleep(1000);
  const auto packets = content_of(clip(folder)).at("subtitle_0");
  fail_unless_equals_int(packets.size(), 2);
  fail_unless_equals_uint64(packets[0].time, 0);
  fail_unless_equals_uint64(packets[0].duration, 500 * GST_MSECOND);
  fail_unless_equals_uint64(packets[1].time, GST_SECOND);
}

GVL_TEST(data_is_written_where_the_container_takes_it) {
  constexpr const char* kKlv = "meta/x-klv,parsed=true";
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "muxer=mpegtsmux encoder=\"avenc_mpeg4 ! mpeg4videoparse\""),
                 "video/x-raw,format=I420");
  auto& data = fed.add_sound("data_%u", kKlv);
  fed.add_event(1, 3 * GST_SECOND, 6 * GST_SECOND);
  for (int second = 2; second < 8; ++second) data.push_one(static_cast<GstClockTime>(second) * GST_SECOND, GST_SECOND);
  for (int i = 0; i < 80; ++i) fed.push(i, true);
  fed.end();
  data.end();
  fed.wait_for_end();
  fail_unless(fed.warnings().empty(), "%s", fed.warnings()[0].c_str());
  fail_unless_equals_int(content_of(clip(folder), "tsdemux").size(), 2);
  // GStreamer 1.22 does not read what it wrote here.
  const std::string bytes = gvl::test::text_of_file(clip(folder));
  for (gint16 second = 2; second < 8; ++second) {
    gint16 begin[8];
    for (gint16 i = 0; i < 8; ++i) begin[i] = static_cast<gint16>(second * 1000 + i);
    const bool found = bytes.find({reinterpret_cast<const char*>(begin), sizeof(begin)}) != bytes.npos;
    fail_unless(found == (second >= 3 && second < 6), "%d", second);
  }
  // Matroska has no place for it.
  FedClipper refused(settings(folder));
  refused.add_sound("data_%u", kKlv);
  fail_unless_equals_int(refused.warnings().size(), 1);
  fail_unless(refused.warnings()[0].find("meta/x-klv") != std::string::npos, "%s", refused.warnings()[0].c_str());
}

GVL_TEST(what_is_kept_is_bounded) {
  {
    // Without video.
    FedClipper fed("history-bytes=10000");
    auto& sound = fed.add_sound("audio_%u");
    for (GstClockTime at = 0; at < 100 * GST_SECOND; at += GST_SECOND) {
      sound.push(at, at + GST_SECOND, 100 * GST_MSECOND);
      fail_unless(fed.stat("track-bytes") <= 10000);
    }
  }
  // As much as of the video: two seconds and a group of pictures.
  FedClipper fed("history=2000000000");
  auto& sound = fed.add_sound("audio_%u");
  for (int i = 0; i < 300; ++i) {
    fed.push(i, i % 10 == 0);
    sound.push(static_cast<GstClockTime>(i) * GST_SECOND / 10, static_cast<GstClockTime>(i + 1) * GST_SECOND / 10,
               100 * GST_MSECOND);
    fail_unless(fed.stat("track-bytes") <= 3200 * 2, "%d", static_cast<int>(fed.stat("track-bytes")));
  }
  fail_unless(fed.stat("track-bytes") >= 2000 * 2);
}

GVL_TEST(pads_come_and_go_while_clips_are_written) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "max-clips=4"));
  for (int i = 0; i < 20; ++i)
    fed.add_event(static_cast<guint64>(i + 1), static_cast<GstClockTime>(i) * GST_SECOND,
                  static_cast<GstClockTime>(i + 3) * GST_SECOND);
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n)
    threads.emplace_back([&fed, &over, n] {
      for (int i = 0; !over; ++i) {
        FedClipper::Sound sound(fed, "audio_%u");
        const GstClockTime now = fed.stat("last");
        sound.push(now, now + GST_SECOND, kLong);
        if (i % 3 == n) sound.end();
        if (i % 4 == n) sound.flush();
      }
    });
  for (int i = 0; i < 250; ++i) {
    fed.push(i, i % 10 == 0);
    g_usleep(2000);
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  fed.end();
  fed.wait_for_end();
  fail_unless_equals_uint64(fed.stat("clips"), 20);
  fail_unless_equals_uint64(fed.stat("failed"), 0);
}

}  // namespace
