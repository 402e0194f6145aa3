/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "scenes/clauses.hpp"
#include "scenes/forms.hpp"
#include "scenes/watch/asker.hpp"
#include "scenes/watch/story.hpp"

/** Questions about a watched scene whose answers are words, not times. */
namespace gvl::scenes {

/** A scene to be asked about. */
struct Inquiry {
  Asker& asker;
  const Story& story;
  Split split;
};

/** A question with four options of which one is true, of a form drawn at random; nothing where none fits. */
std::optional<Quiz> watch_choice(Inquiry& inquiry);

/** A question with a short answer in words. */
std::optional<Quiz> watch_question(Inquiry& inquiry);

}  // namespace gvl::scenes
