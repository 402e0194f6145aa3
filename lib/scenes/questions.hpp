/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "scenes/conversation.hpp"
#include "scenes/speaker.hpp"

/** Questions about a video whose answers are words, not times. */
namespace gvl::scenes {

/** A question with four options of which one is true, of a form drawn at random; nothing where that form fits not. */
std::optional<Conversation> multiple_choice(Speaker& speaker);

/** A question with a short answer in words. */
std::optional<Conversation> open_question(Speaker& speaker);

}  // namespace gvl::scenes
