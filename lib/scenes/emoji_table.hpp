/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>

namespace gvl::scenes {

/** A pictogram that most people would call by the same noun. */
struct EmojiName {
  char32_t codepoint;
  const char* noun;
};

/** Concrete things only: no faces, people, flags or signs. */
std::span<const EmojiName> emoji_names() noexcept;

}  // namespace gvl::scenes
