/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <vector>

#include "scenes/conversation.hpp"
#include "scenes/watch/watched_scene.hpp"

namespace gvl::scenes {

/** Conversations about `scene`, drawn with `seed`. The same arguments give the same conversations. Thread safe. */
std::vector<Conversation> converse(const WatchedScene& scene, std::uint64_t seed, const ConversationOptions& options);

}  // namespace gvl::scenes
