/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/scene.hpp"

namespace gvl::scenes {

std::string_view name_of(EventKind kind) noexcept {
  static constexpr std::array<std::string_view, kEventKinds> names{
      "freeze",      "black",     "white",       "grayscale",   "blur",          "noise",
      "blocks",      "flicker",   "color-bars",  "upside-down", "covered",       "too-bright",
      "too-dark",    "cut",       "other-scene", "cross-fade",  "fade-to-black", "fade-from-black",
      "pan-left",    "pan-right", "tilt-up",     "tilt-down",   "zoom-in",       "zoom-out",
      "shake",       "appears",   "disappears",  "enters",      "leaves",        "moves-left",
      "moves-right", "moves-up",  "moves-down",  "stops",       "grows",         "shrinks",
      "spins",       "bounces",   "meet"};
  return names[static_cast<std::size_t>(kind)];
}

EventGroup group_of(EventKind kind) noexcept {
  if (kind < EventKind::kCut) return EventGroup::kSignal;
  return kind < EventKind::kAppears ? EventGroup::kCamera : EventGroup::kObject;
}

}  // namespace gvl::scenes
