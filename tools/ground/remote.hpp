/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

/*
 * What is read from a server. Servers are not trusted: not to answer, not to say where something is, and not with what
 * only this machine can read.
 */

/** Whether a video is on another machine, or might be: a URI of a scheme of networks. */
bool is_remote(const std::string& video);

/** Whether it is shown as it happens by its scheme alone: it can be read only once. Others are known when they play. */
bool is_live_by_scheme(const std::string& video);

/** A source that uridecodebin has made gives up when a server says nothing for so long. */
void set_timeout(GstElement* source, double seconds);

/** Keeps a pipeline that reads from a server from being led, by a playlist say, to files of this machine. */
void keep_from_files(GstElement* pipeline);

/** What an error message of a pipeline that reads from a server says to a user. */
std::string reason_of_remote(GstMessage* message);
