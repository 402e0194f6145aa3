/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

/** The element of drawing_and_encoding() that makes the file of its streams; it has pads for sound. */
constexpr const char* kMuxer = "muxer";

/** Whether the ending of a file's name, in capitals or not, is one that the overlay can be written with. */
bool has_known_ending(const std::string& file);

/**
 * How raw video, as elements in a launch line, is drawn on and encoded for a file with this ending: the first way that
 * is installed and encodes a few frames of a test pattern as large as the video. Its elements `in` and `overlay` are
 * where video comes in and what draws. Empty, with the reason in `fault`, where there is none.
 */
std::string drawing_and_encoding(const std::string& file, const std::string& video, std::string& fault);
