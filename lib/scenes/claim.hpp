/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "scenes/phrases.hpp"

/** What a text says of a video, and what in the video it could mean. */
namespace gvl::scenes {

/** What a mention tells of its object: empty where it does not tell. */
struct ObjectWords {
  std::string noun;
  std::string colour;
  std::string size;
};

/** How sure a reader can be. */
enum class Truth : std::uint8_t { kNo, kArguable, kYes };

/** Whether `words` are right for `object`. Arguable: a colour near it, or an object without an agreed colour. */
Truth names(const ObjectWords& words, const SceneObject& object);

/** The basic colour terms of English. */
inline constexpr std::array<std::string_view, 11> kBasicColours{"red",  "orange", "yellow", "green", "blue", "purple",
                                                                "pink", "brown",  "white",  "gray",  "black"};

/** Whether people could take one of two colours for the other. */
bool colours_close(std::string_view a, std::string_view b);

/** That an event of this kind happens, to an object that these words fit. */
struct Claim {
  EventKind kind = EventKind::kFreeze;
  ObjectWords x;
  ObjectWords y;
  Side side = Side::kNone;  ///< as far as the words say
};

/**
 * Whether `event` makes the claim true. Yes: it is of that kind and fits every word. Arguable: it is of another kind
 * that someone might describe so (an object that enters from the right also moves left; the end of a fade to black is
 * black).
 */
Truth shown_by(const Claim& claim, const Scene& scene, const Event& event);

/**
 * Whether two kinds are too near for one to be denied where the other happens. Symmetric; sides decide for movements:
 * `left` and `right` are the events' sides.
 */
bool confusable(EventKind left_kind, Side left, EventKind right_kind, Side right);

/** Kinds that look like `kind` to a careless model and yet are surely something else. */
KindSet near_misses(EventKind kind);

/** Whether nothing in the scene comes near to the claim. */
bool surely_absent(const Claim& claim, const Scene& scene);

/** The claim that says all of an event, to compare with. */
Claim claim_of(const Scene& scene, const Event& event);

}  // namespace gvl::scenes
