/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

#include "scenes/watch/sight.hpp"
#include "scenes/watch/things.hpp"

/** What can be asked about a watched scene, and when it is true. */
namespace gvl::scenes {

enum class WatchKind : std::uint8_t {
  kPresent,     ///< x is in the picture
  kDoes,        ///< x is in the picture, and does what no detector sees (free_words.hpp)
  kAppears,     ///< x comes into sight, wherever
  kDisappears,  ///< x goes out of sight
  kEnters,      ///< x comes in over a border of the picture (WatchQuery::side, or any)
  kLeaves,      ///< x goes out over a border
  kPasses,      ///< x comes in by one side (WatchQuery::side, or any) and goes out by the opposite one
  kMovesLeft,
  kMovesRight,
  kMovesUp,
  kMovesDown,
  kStays,        ///< x is there and does not move
  kComesCloser,  ///< x grows
  kGoesAway,     ///< x shrinks
  kMoves,        ///< x moves, wherever
  kPlaced,       ///< a hand puts x down
  kTaken,        ///< a hand takes x away
  kAtLeast,      ///< `count` or more of x are in the picture
  kExactly,      ///< `count` of x are in the picture
  kNone,         ///< no x is in the picture
  kTogether,     ///< x and y are in the picture
  kBeside,       ///< x is at y, or next to it
  kThen,         ///< x is there first, and y after it
  kUses,         ///< x does something with y, at which it is
};
inline constexpr std::size_t kWatchKinds = static_cast<std::size_t>(WatchKind::kUses) + 1;

/** Whether it is about two things, and whether about a number of them. */
constexpr bool is_about_two(WatchKind kind) { return kind >= WatchKind::kTogether; }
constexpr bool is_about_number(WatchKind kind) { return kind == WatchKind::kAtLeast || kind == WatchKind::kExactly; }

/** "present", "appears", ...: as in tables. */
std::string_view name_of(WatchKind kind) noexcept;

/** Which things are meant: one class or a general word, perhaps of a colour; or what is in no class. */
struct Filter {
  int thing = -1;            ///< place in things(), or
  int general = -1;          ///< in general_words()
  std::string colour;        ///< empty: any
  std::string strange = {};  ///< a noun for what is in no class, if neither is given
};

/** Whether these words fit a track. */
bool fits(const Filter& filter, const Track& track, Reading reading);

/** What is surely meant, whatever its colour: places in things(). */
ThingSet things_of(const Filter& filter);

struct WatchQuery {
  WatchKind kind = WatchKind::kPresent;
  Filter x;
  Filter y;                        ///< where is_about_two()
  Side side = Side::kNone;         ///< of kEnters, kLeaves and kPasses
  Place place = Place::kAnywhere;  ///< of kPresent and kAppears
  int count = 0;                   ///< of kAtLeast and kExactly
  std::string aside = {};          ///< a noun for something of no class that words may name, and nobody asks for
};

/** When it is true to such a reader, in order; stretches with shorter gaps than anyone minds are one. */
Spans truth(const Watched& watched, const WatchQuery& query, Reading reading);

/** Whether a visit leads from the side `from` (kNone: from any) straight to the opposite one. */
bool surely_passes(const Sight& sight, const Visit& visit, Side from);

/** Longest list of times that is asked for. */
inline constexpr std::size_t kMostSpans = 12;

enum class Verdict : std::uint8_t {
  kArguable,  ///< viewers would not agree: not to be asked
  kHappens,
  kAbsent,  ///< nothing comes near to it
};

struct Judgement {
  Verdict verdict = Verdict::kArguable;
  Spans spans;  ///< when it happens
};

Judgement judge(const Watched& watched, const WatchQuery& query);

}  // namespace gvl::scenes
