/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/query.hpp"

#include <algorithm>

#include "scenes/claim.hpp"
#include "scenes/watch/things.hpp"

namespace gvl::scenes {
namespace {

/** Shorter gaps than these are none to a reader. */
constexpr std::array<double, kReadings> kGaps{0.45, 0.7, 1.0};
/** The longest time between two things that follow each other. */
constexpr std::array<double, kReadings> kThenWithin{8, 12, 20};
/** How much they may overlap. */
constexpr std::array<double, kReadings> kThenOverlap{0, 0.3, 2};
/** How far a thing goes that might be said to pass, and the rest on its way. */
constexpr double kPerhapsPasses = 0.35;
constexpr double kPassingRest = 1;

ThingSet meant(const Filter& filter, Reading reading) {
  ThingSet set;
  if (filter.thing >= 0) set.set(static_cast<std::size_t>(filter.thing));
  if (filter.general >= 0) {
    const GeneralWord& word = general_words()[static_cast<std::size_t>(filter.general)];
    set |= word.surely;
    if (reading >= Reading::kLenient) set |= word.arguably;
  }
  if (reading != Reading::kWidest) return set;
  const ThingSet named = set;
  for (std::size_t i = 0; i < kThings; ++i) {
    if (named.test(i)) set |= lookalikes(static_cast<int>(i));
  }
  return set;
}

std::vector<const Sight*> sights_of(const Watched& watched, const Filter& filter, Reading reading) {
  std::vector<const Sight*> found;
  for (const Sight& sight : watched.sights) {
    if (fits(filter, sight.track(), reading)) found.push_back(&sight);
  }
  return found;
}

/** Where at least `count` fit. */
Spans at_least(const Watched& watched, const Filter& filter, int count, Reading reading) {
  std::vector<const Spans*> sets;
  for (const Sight* sight : sights_of(watched, filter, reading)) sets.push_back(&sight->seen(reading));
  return covered(sets, static_cast<std::size_t>(count));
}

/** The reading by which something is to be denied, for one who asserts the opposite. */
Reading opposite(Reading reading) {
  return reading == Reading::kStrict  ? Reading::kWidest
         : reading == Reading::kUsual ? Reading::kUsual
                                      : Reading::kStrict;
}

Spans exactly(const Watched& watched, const WatchQuery& query, Reading reading) {
  const Spans more = at_least(watched, query.x, query.count + 1, opposite(reading));
  return intersection(at_least(watched, query.x, query.count, reading), complement(more, 0, watched.scene.duration));
}

bool holds(bool surely, bool arguably, Reading reading) {
  return reading >= Reading::kLenient ? arguably || surely : surely;
}

Spans crossings(const Sight& sight, const WatchQuery& query, Reading reading) {
  const bool in = query.kind == WatchKind::kAppears || query.kind == WatchKind::kEnters;
  const bool over_border = query.kind == WatchKind::kEnters || query.kind == WatchKind::kLeaves;
  const auto side = static_cast<std::size_t>(query.side);
  Spans spans;
  for (const Visit& visit : sight.visits()) {
    const Crossing& crossing = in ? visit.in : visit.out;
    bool surely = crossing.surely, arguably = crossing.arguably;
    if (over_border) surely = surely && crossing.side != Side::kNone;
    if (query.side != Side::kNone) {
      surely = surely && crossing.side == query.side;
      arguably = arguably && crossing.sides[side];
    }
    if (!holds(surely, arguably, reading)) continue;
    const Spans placed = intersection({crossing.when}, sight.seen_at(query.place, reading));
    if (query.place == Place::kAnywhere || total_length(placed) > length(crossing.when) / 2) {
      spans.push_back(crossing.when);
    }
  }
  return spans;
}

constexpr std::array<Side, 5> kOpposite{Side::kNone, Side::kRight, Side::kLeft, Side::kBottom, Side::kTop};

bool arguably_passes(const Sight& sight, const Visit& visit, Side from) {
  const Track& track = sight.track();
  const TrackedBox first = track.box_at(visit.seen[2].start), last = track.box_at(visit.seen[2].stop);
  const double right = last.x - first.x, down = (last.y - first.y) * 0.6;
  const std::array<double, 5> ways{std::max(std::abs(right), std::abs(down)), right, -right, down, -down};
  return ways[static_cast<std::size_t>(from)] >= kPerhapsPasses;
}

Spans passages(const Sight& sight, const WatchQuery& query, Reading reading) {
  Spans spans;
  for (const Visit& visit : sight.visits()) {
    if (holds(surely_passes(sight, visit, query.side), arguably_passes(sight, visit, query.side), reading)) {
      spans.push_back(visit.seen[Sight::level(reading)]);
    }
  }
  return spans;
}

Spans handled(const Sight& sight, bool placed, Reading reading) {
  Spans spans;
  for (const Handling& handling : sight.handlings()) {
    if (handling.placed == placed && holds(handling.surely, true, reading)) spans.push_back(handling.when);
  }
  return spans;
}

/** Of one track. */
Spans truth_of(const Sight& sight, const WatchQuery& query, Reading reading) {
  using enum WatchKind;
  switch (query.kind) {
    case kAppears:
    case kDisappears:
    case kEnters:
    case kLeaves:
      return crossings(sight, query, reading);
    case kPasses:
      return passages(sight, query, reading);
    case kMovesLeft:
    case kMovesRight:
    case kMovesUp:
    case kMovesDown:
      return sight.moving(static_cast<Direction>(static_cast<int>(query.kind) - static_cast<int>(kMovesLeft)), reading);
    case kComesCloser:
      return sight.moving(Direction::kCloser, reading);
    case kGoesAway:
      return sight.moving(Direction::kAway, reading);
    case kMoves:
      return sight.moving(reading);
    case kStays:
      return sight.resting(reading);
    case kPlaced:
      return handled(sight, true, reading);
    case kTaken:
      return handled(sight, false, reading);
    default:
      return sight.seen_at(query.place, reading);
  }
}

/** To strict readers, of all that fits; to lenient ones, also of each thing alone. */
Spans presences(const Watched& watched, const Filter& filter, Reading reading) {
  if (reading < Reading::kLenient) return merged(at_least(watched, filter, 1, reading), kGaps[Sight::level(reading)]);
  Spans spans;
  for (const Sight* sight : sights_of(watched, filter, reading)) {
    for (const TimeRange& span : sight->seen(reading)) spans.push_back(span);
  }
  return spans;
}

Spans one_then_other(const Watched& watched, const WatchQuery& query, Reading reading) {
  const std::size_t level = Sight::level(reading);
  const Spans second = presences(watched, query.y, reading);
  Spans spans;
  for (const TimeRange& one : presences(watched, query.x, reading)) {
    for (const TimeRange& other : second) {
      const double pause = other.start - one.stop;
      if (other.start > one.start && pause >= -kThenOverlap[level] && pause <= kThenWithin[level]) {
        spans.push_back({one.start, other.stop});
      }
    }
  }
  return spans;
}

Spans beside(const Watched& watched, const WatchQuery& query, Reading reading) {
  Spans spans;
  for (const Sight* one : sights_of(watched, query.x, reading)) {
    for (const Sight* other : sights_of(watched, query.y, reading)) {
      if (one == other) continue;
      for (const TimeRange& span : one->beside(*other, reading)) spans.push_back(span);
    }
  }
  return spans;
}

Spans truth_at(const Watched& watched, const WatchQuery& query, Reading reading) {
  switch (query.kind) {
    case WatchKind::kAtLeast:
      return at_least(watched, query.x, query.count, reading);
    case WatchKind::kExactly:
      return exactly(watched, query, reading);
    case WatchKind::kNone:
      return complement(at_least(watched, query.x, 1, opposite(reading)), 0, watched.scene.duration);
    case WatchKind::kTogether:
      return intersection(at_least(watched, query.x, 1, reading), at_least(watched, query.y, 1, reading));
    case WatchKind::kBeside:
    case WatchKind::kUses:
      return beside(watched, query, reading);
    case WatchKind::kThen:
      return one_then_other(watched, query, reading);
    default:
      break;
  }
  Spans spans;
  for (const Sight* sight : sights_of(watched, query.x, reading)) {
    for (const TimeRange& span : truth_of(*sight, query, reading)) spans.push_back(span);
  }
  return spans;
}

/** Whether strict and lenient readers mean nearly the same time. */
bool agree(const TimeRange& strict, const TimeRange& lenient) {
  constexpr double kEnough = 0.6;
  constexpr double kNoMatter = 0.35;
  return overlap_ratio(strict, lenient) >= kEnough ||
         std::max(std::abs(strict.start - lenient.start), std::abs(strict.stop - lenient.stop)) <= kNoMatter;
}

}  // namespace

bool surely_passes(const Sight& sight, const Visit& visit, Side from) {
  const Crossing& in = visit.in;
  const Crossing& out = visit.out;
  const bool across = in.surely && out.surely && in.side != Side::kNone && (from == Side::kNone || from == in.side) &&
                      out.side == kOpposite[static_cast<std::size_t>(in.side)];
  const Spans rests = intersection(sight.resting(Reading::kLenient), {visit.seen[2]});
  return across &&
         std::none_of(rests.begin(), rests.end(), [](const TimeRange& rest) { return length(rest) > kPassingRest; });
}

std::string_view name_of(WatchKind kind) noexcept {
  static constexpr std::array<std::string_view, kWatchKinds> names{
      "present",     "does",     "appears",    "disappears", "enters",       "leaves",    "passes", "moves-left",
      "moves-right", "moves-up", "moves-down", "stays",      "comes-closer", "goes-away", "moves",  "placed",
      "taken",       "at-least", "exactly",    "none",       "together",     "beside",    "then",   "uses"};
  return names[static_cast<std::size_t>(kind)];
}

ThingSet things_of(const Filter& filter) {
  ThingSet meant;
  if (filter.general >= 0) meant = general_words()[static_cast<std::size_t>(filter.general)].surely;
  if (filter.thing >= 0) meant.set(static_cast<std::size_t>(filter.thing));
  return meant;
}

bool fits(const Filter& filter, const Track& track, Reading reading) {
  const bool hands = filter.general >= 0 && general_words()[static_cast<std::size_t>(filter.general)].hands;
  if (hands && !track.hand && reading < Reading::kLenient) return false;
  if (!meant(filter, reading).test(static_cast<std::size_t>(track.thing))) return false;
  if (filter.colour.empty() || filter.colour == track.colour) return true;
  return reading >= Reading::kLenient && (track.colour.empty() || colours_close(filter.colour, track.colour));
}

Spans truth(const Watched& watched, const WatchQuery& query, Reading reading) {
  return merged(truth_at(watched, query, reading), kGaps[Sight::level(reading)]);
}

Judgement judge(const Watched& watched, const WatchQuery& query) {
  if (truth(watched, query, Reading::kWidest).empty()) return {Verdict::kAbsent, {}};
  const Spans strict = truth(watched, query, Reading::kStrict);
  const Spans usual = truth(watched, query, Reading::kUsual);
  const Spans lenient = truth(watched, query, Reading::kLenient);
  const bool same_count = strict.size() == lenient.size() && usual.size() == lenient.size();
  if (!same_count || usual.empty() || usual.size() > kMostSpans) return {};
  constexpr double kShortest = 0.35;
  for (std::size_t i = 0; i < usual.size(); ++i) {
    if (!agree(strict[i], lenient[i]) || length(usual[i]) < kShortest) return {};
  }
  return {Verdict::kHappens, usual};
}

}  // namespace gvl::scenes
