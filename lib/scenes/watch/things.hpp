/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "scenes/random.hpp"

/** The everyday things that an object detector knows: COCO's 80 classes. */
namespace gvl::scenes {

inline constexpr std::size_t kThings = 80;
using ThingSet = std::bitset<kThings>;

/** Places of a thing in things() that code has to know. */
inline constexpr int kPerson = 0;

/** How a thing comes to move. */
enum class Gait : std::uint8_t {
  kWalks,    ///< people
  kDrives,   ///< cars, trains
  kRides,    ///< two-wheelers
  kRuns,     ///< animals
  kFlies,    ///< birds, airplanes
  kSails,    ///< boats
  kThrown,   ///< balls
  kAlong,    ///< with a person: bags, rackets
  kCarried,  ///< laid down and taken away by hands
  kStands,   ///< furniture and what else nobody moves
};

/** Where things are seen together. */
enum class Setting : std::uint8_t { kStreet, kHome, kKitchen, kTable, kOffice, kCountry, kWater, kSport, kSky };
inline constexpr std::size_t kSettings = static_cast<std::size_t>(Setting::kSky) + 1;

/** A set of settings. */
class SettingSet {
 public:
  constexpr SettingSet(std::initializer_list<Setting> settings) {
    for (const Setting one : settings) bits_ |= 1U << static_cast<unsigned>(one);
  }
  constexpr bool contains(Setting one) const { return (bits_ >> static_cast<unsigned>(one) & 1U) != 0; }

 private:
  unsigned bits_ = 0;
};

/** A noun: "car" or, where no rule gives its plural, "man:men". "#scissors" is a plural that is one thing. */
using Noun = std::string_view;

struct Thing {
  std::string_view name;    ///< as COCO has it
  std::vector<Noun> nouns;  ///< what people call it; the first is the usual word
  Gait gait;
  double height;                          ///< usual, of the frame's
  double aspect;                          ///< width by height, as seen
  double speed;                           ///< usual, frame widths a second; 0 for what does not move by itself
  double weight;                          ///< how often it is drawn in its settings
  SettingSet settings;                    ///< where it is seen
  std::vector<std::string_view> colours;  ///< that people would agree on; may be empty
};

/** All, in COCO's order. */
const std::vector<Thing>& things();
const Thing& thing_at(int index);

/** One of those that are `wanted`, as often as it is seen in a setting; seldom of another one. */
int draw_thing(Random& random, Setting setting, const std::function<bool(const Thing&)>& wanted);

/** A word for several things. */
struct GeneralWord {
  std::vector<Noun> nouns;
  Gait gait;           ///< whose verbs fit
  ThingSet surely;     ///< the things that it means
  ThingSet arguably;   ///< those that some would also call so
  bool hands = false;  ///< it means people's hands alone (Track::hand)
};
const std::vector<GeneralWord>& general_words();

/** Every word for a thing or several, in the singular and the plural. */
std::vector<std::string> all_nouns();

/** Things that a viewer, or a detector, might take for this one; without itself. */
const ThingSet& lookalikes(int thing);

std::string singular(Noun noun);  ///< "car", "scissors"
std::string plural(Noun noun);    ///< "cars", "scissors"
bool is_plural_only(Noun noun);   ///< "scissors"

}  // namespace gvl::scenes
