/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <list>
#include <memory>
#include <string>

#include "ground/watch.hpp"

/** Where sound goes to. */
struct SoundTarget {
  std::string element;  ///< of the consumer, with pads audio_%u; empty: no sound is wanted
  std::string muxer;    ///< a factory's name: what of sound is taken; empty: what the element's own is
};

/**
 * All sound of a video: as it is packed where the muxer takes that, else decoded, and encoded again where it must be.
 * What cannot be kept is a warning of the consumer's. For one thread at a time.
 */
class Sound {
 public:
  /** `longest`: how much of it is read. */
  Sound(GstElement* consumer, const SoundTarget& target, GstClockTime longest);
  ~Sound();
  Sound(const Sound&) = delete;
  Sound& operator=(const Sound&) = delete;

  /** Whether sound of these caps is not to be decoded. */
  bool keeps(const GstCaps* caps) const;
  /** Links a pad with sound, decoded or not. */
  void link(GstPad* pad);

 private:
  using CapsPointer = std::unique_ptr<GstCaps, decltype(&gst_caps_unref)>;

  /** Elements of a launch line that make of it what is taken. */
  std::string chain_for(const GstCaps* caps) const;
  std::string encoder() const;
  bool link(GstPad* pad, const std::string& chain);

  GstElement* consumer_;
  GstElement* target_;
  const GstClockTime longest_;
  CapsPointer taken_{nullptr, gst_caps_unref};
  std::list<Watch> watches_;
};
