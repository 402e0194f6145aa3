/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/places.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gvl::scenes {

namespace {

using Place = std::pair<std::string_view, std::string_view>;

constexpr std::array<Place, 28> places{{
    {"Altai", "a mountain lake"},
    {"Aqua", "a drop of water"},
    {"Autumn", "an autumn tree"},
    {"Blinds", "a green leaf"},
    {"BytheWater", "a jetty by a lake"},
    {"Canopee", "a looping road"},
    {"ColdRipple", "a jetty in the fog"},
    {"ColorfulCups", "many colourful cups"},
    {"DarkestHour", "a lake at night"},
    {"Dune", "grass on a dune"},
    {"EveningGlow", "boats at sunset"},
    {"FallenLeaf", "fallen autumn leaves"},
    {"FlyingKonqui", "a cartoon dragon in the sky"},
    {"FreshFlower", "an orange flower"},
    {"Garden", "a red and yellow flower"},
    {"GreenMeadow", "a green meadow"},
    {"Kite", "a kite in the blue sky"},
    {"LadyBird", "a ladybird on a stem"},
    {"Megamind", "a cartoon character in a restaurant"},
    {"OneStandsOut", "many small green plants"},
    {"Path", "a path through a forest"},
    {"RainDrops", "leaves with raindrops"},
    {"Storm", "a road under storm clouds"},
    {"TwoWings", "two dandelion seeds"},
    {"Volna", "waves on a beach"},
    {"YellowFlower", "a yellow flower"},
    {"summer_1am", "a lake at dusk"},
    {"vtest", "people walking on a street"},
}};

}  // namespace

std::string place_of(std::string_view name) {
  const auto found =
      std::find_if(places.begin(), places.end(), [&](const Place& place) { return place.first == name; });
  return found == places.end() ? std::string() : std::string(found->second);
}

std::vector<std::string> all_places() {
  std::vector<std::string> texts;
  for (const Place& place : places) texts.emplace_back(place.second);
  return texts;
}

}  // namespace gvl::scenes
