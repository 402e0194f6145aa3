/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scenes/conversation.hpp"
#include "scenes/watch/watched_scene.hpp"

namespace gvl::scenes {

/** Conversations about `scene`, drawn with `seed`. The same arguments give the same conversations. Thread safe. */
std::vector<Conversation> converse(const WatchedScene& scene, std::uint64_t seed, const ConversationOptions& options);

/** `count` sample texts of every form, of the training split: what a tokenizer can be trained on, as corpus() is. */
std::vector<std::string> watched_corpus(std::uint64_t seed, std::size_t count);

}  // namespace gvl::scenes
