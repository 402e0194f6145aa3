/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

/*
 * A video is named on the command line by a path, which may hold any bytes, or by a URI with "://".
 */

bool is_uri(const std::string& video);

/** The URI of a video; empty, with the reason in `fault`, where there is none. */
std::string uri_of(const std::string& video, std::string& fault);

/** The path of a local file; empty for a URI that leads elsewhere. */
std::string path_of(const std::string& video);

/** The local file that a URI of whatever scheme may lead to: it is not to be written. */
std::string possible_path_of(const std::string& video);

/** Whether a video, in a pipe or live say, can be read only once. */
bool is_read_once(const std::string& video);

/** `text` without the passwords of the URIs in it: "***" stands for each. */
std::string without_passwords(const std::string& text);

/**
 * UTF-8, for JSON and pages: the name as it was given, without a URI's password, or the file's URI where that is not
 * UTF-8.
 */
std::string readable_name(const std::string& video);

/** UTF-8: bytes that are not become '?'. */
std::string readable_text(const std::string& text);

/** What the names of its clips begin with: UTF-8, short enough for what follows, nothing that a pattern would read. */
std::string stem_of(const std::string& video);

/** `text` in at most `columns` columns of a terminal; what is too long loses its middle. */
std::string fitted(const std::string& text, int columns);

/** A query, or words of one, as messages and lines for people repeat it: what is longer than they need loses its
 * middle. */
std::string shown_query(const std::string& query);

/** `text` on one line: control characters become spaces. */
std::string on_one_line(std::string text);
