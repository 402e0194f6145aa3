/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "archive/asking.hpp"
#include "archive/catalogue.hpp"
#include "ground/report.hpp"

/** Something that is told: a gvl-event or gvl-answer whose source is the stream, with UTC where that is known. */
struct Told {
  EventPointer said;
  std::string picture;  ///< JPEG; may be empty
};

/** What was found, the surest first, no more than `most`. */
std::vector<Told> ranked(const gvl::archive::FoundInIndex& found, std::size_t most);

/** What a search in the catalogue found, in its order. */
std::vector<Told> told(const std::vector<gvl::archive::StoredEvent>& events);

/** For people: the stream, UTC where that is known, and what happens when. */
std::string line_of(const Told& told);

/** A page of them, stream by stream. */
std::string report_of(const std::vector<Told>& told);
