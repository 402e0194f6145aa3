/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "timeline/time.hpp"

namespace gvl::archive {

/** "2026-01-31": the day of a time since 1970-01-01, UTC. */
std::string day_of(timeline::Time utc);

/** "2026-01-31T12:00:00.123Z", rounded down. */
std::string utc_text(timeline::Time utc);

/** A time of ISO 8601 with a zone, since 1970-01-01; nothing for what is none, for one before
 * and for one behind 2199: a Time ends in 2262, and a video goes on behind its first frame. */
std::optional<timeline::Time> utc_of_text(const std::string& text);

/** Now, since 1970-01-01 UTC. */
timeline::Time utc_now();

/** Where the streams of an index have their folders. */
std::filesystem::path streams_folder(const std::filesystem::path& index);

/**
 * A stream's folder in an index: its name, of which all bytes but letters, digits and `-_` are written as `%XX`. Throws
 * Error(kInvalidArgument) for an empty name, and for one that is too long for a file's.
 */
std::filesystem::path stream_folder(const std::filesystem::path& index, const std::string& stream);

/** The file of a day. */
std::filesystem::path day_file(const std::filesystem::path& stream_folder, const std::string& day);

/** The day that a file is of; empty where its name is no such file's. */
std::string day_of_file(const std::filesystem::path& file);

/** The files of days in a stream's folder, by day. Empty where there is no such folder; throws Error(kResource). */
std::vector<std::filesystem::path> day_files(const std::filesystem::path& stream_folder);

}  // namespace gvl::archive
