/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "scenes/forms.hpp"
#include "scenes/watch/query.hpp"

namespace gvl::scenes {

/** Something that one thing does, and when. */
struct Deed {
  TimeRange time;
  WatchQuery query;  ///< that says it
};

/** What a viewer would tell of a scene. */
struct Story {
  std::vector<Filter> furniture;  ///< what just stands there all the time
  std::vector<Deed> deeds;        ///< by start
  bool sure = true;               ///< nobody would tell it otherwise
};

Story story_of(const Watched& watched);

/** Each deed in the usual words. */
std::vector<Report> reports_of(const Story& story);

/** "A chair and a red couch are in the picture.", or nothing where there is no furniture. */
std::string opening_of(const Story& story);

/** The words that say all of a track. */
Filter filter_of(const Track& track);

}  // namespace gvl::scenes
