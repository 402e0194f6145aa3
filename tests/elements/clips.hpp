/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <list>
#include <map>
#include <string>
#include <vector>

#include "stream.hpp"
#include "support/temporary.hpp"

namespace gvl::test {

/** A gvlclipper without a pipeline, whose streams are pushed by hand. */
class FedClipper {
 public:
  /** A stream beside the video: sample N of a thousand a second is worth N, encoded or not. */
  class Sound {
   public:
    explicit Sound(FedClipper& clipper, const char* pad,
                   const char* caps = "audio/x-raw,format=S16LE,layout=interleaved,rate=1000,channels=1");
    ~Sound();
    Sound(const Sound&) = delete;
    Sound& operator=(const Sound&) = delete;

    GstPad* pad() const { return pad_; }
    void set_caps(const char* caps);
    /** Samples that come now are worth so much more. */
    void mark(int by) { mark_ = by; }
    /** Packets of `length`; the last is shorter. */
    void push(GstClockTime from, GstClockTime to, GstClockTime length);
    void push_one(GstClockTime time, GstClockTime duration);
    void gap(GstClockTime time, GstClockTime duration);
    void flush();
    void end();

   private:
    FedClipper& clipper_;
    GstPad* pad_;
    int mark_ = 0;
  };

  /** `video`: the format; raw is I420. */
  explicit FedClipper(const std::string& properties, const char* video = "video/x-vp8");
  ~FedClipper();
  FedClipper(const FedClipper&) = delete;
  FedClipper& operator=(const FedClipper&) = delete;

  Sound& add_sound(const char* pad) { return sounds_.emplace_back(*this, pad); }
  Sound& add_sound(const char* pad, const char* caps) { return sounds_.emplace_back(*this, pad, caps); }
  GstPad* request(const char* name);
  void release(GstPad* pad);

  void add_event(guint64 id, GstClockTime start, GstClockTime stop);
  /** News of an event, which has a stop when it is `closed`. */
  void tell(guint64 id, const char* state, GstClockTime start, GstClockTime stop = 0);
  void tell_of(const char* source, guint64 id, const char* state, GstClockTime start, GstClockTime stop);
  void flush();
  void set_caps(const char* caps);
  GstElement* element() const { return clipper_; }
  /** A frame of ten a second, without content: black, where it is raw. */
  void push(int number, bool keyframe);
  void end();

  /** Until the message EOS has come. */
  void wait_for_end();
  const std::vector<std::string>& warnings();
  guint64 stat(const char* name) const { return stat_of(clipper_, name); }

 private:
  void take(GstMessage* message);

  GstElement* clipper_ = nullptr;
  GstBus* bus_ = gst_bus_new();
  GstPad* sink_ = nullptr;
  gsize frame_bytes_ = 1000;
  std::list<Sound> sounds_;
  std::vector<std::string> warnings_;
};

/** Something in a file. */
struct ClipPacket {
  GstClockTime time, duration;
  int first;    ///< its first sample
  int samples;  ///< how many it has
};

/** By the names of the demuxer's pads. */
using ClipContent = std::map<std::string, std::vector<ClipPacket>>;

/** A file as it is. */
std::string text_of_file(const std::string& file);

/** All that is in a file. */
ClipContent content_of(const std::string& file, const char* demuxer = "matroskademux");

}  // namespace gvl::test
