/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/asker.hpp"

#include <iterator>
#include <utility>

#include "scenes/claim.hpp"
#include "scenes/watch/free_words.hpp"
#include "scenes/watch/naming.hpp"
#include "scenes/watch/things.hpp"

namespace gvl::scenes {
namespace {

using enum WatchKind;

/** How often a kind is asked for, relatively. */
struct Often {
  WatchKind kind;
  double tried;  ///< what is seldom found is tried more often
  double found;  ///< by trying so: a kind must be as often absent, or its words alone would tell
};

constexpr Often kOften[] = {
    {kPresent, 6, 27},    {kDoes, 9, 37},     {kAppears, 2.5, 9},     {kDisappears, 2, 7.3},   {kEnters, 5, 17},
    {kLeaves, 4.5, 15},   {kPasses, 3, 5.6},  {kMovesLeft, 1.5, 3.7}, {kMovesRight, 1.5, 3.9}, {kMovesUp, 3, 2.1},
    {kMovesDown, 3, 2.1}, {kStays, 1.5, 3.3}, {kComesCloser, 4, 0.7}, {kGoesAway, 4, 1.2},     {kMoves, 2, 5},
    {kPlaced, 8, 7.3},    {kTaken, 7, 6.9},   {kAtLeast, 1.5, 2},     {kExactly, 1, 1.9},      {kNone, 1.5, 7.3},
    {kTogether, 1, 2.4},  {kBeside, 3, 3.7},  {kThen, 4, 1.9},        {kUses, 14, 27},
};

WatchKind draw_kind(double Often::*weight, Random& random) {
  double sum = 0;
  for (const Often& each : kOften) sum += each.*weight;
  double left = random.uniform() * sum;
  for (const Often& each : kOften) {
    left -= each.*weight;
    if (left < 0) return each.kind;
  }
  return kPresent;
}

/** Whether its two things are different, of one class each, and such that there are words for both. */
bool makes_pair(const WatchQuery& query) {
  const bool classes = query.x.thing >= 0 && query.y.thing >= 0 && query.x.thing != query.y.thing;
  return classes && (query.kind != kUses || !use_words(query.x, query.y).empty());
}

/** A word for nearly everything says too little where it is only there. */
constexpr std::size_t kSaysLittle = 40;

}  // namespace

/** Furniture does not walk, and only what is carried is put down. */
bool Asker::can_do(const Filter& filter, WatchKind kind) const {
  const Gait gait = gait_of(filter);
  if (kind == kPlaced || kind == kTaken) return gait == Gait::kCarried;
  const bool general =
      filter.general >= 0 && general_words()[static_cast<std::size_t>(filter.general)].surely.count() > kSaysLittle;
  const bool of_presence = kind == kPresent || kind == kDoes || kind >= kAtLeast;
  if (general && of_presence) return false;
  const bool moves = gait < Gait::kCarried;
  if (kind >= kMovesLeft && kind <= kMoves) return moves;
  return moves || (kind != kEnters && kind != kLeaves && kind != kPasses);
}

/** Words that are right for a track: of a hand often "hand", of other things seldom a general word. */
Filter Asker::filter_for(const Track& track) {
  Filter filter;
  filter.thing = track.thing;
  if (random_.chance(track.hand ? 0.5 : 0.2)) {
    std::vector<int> words;
    for (std::size_t i = 0; i < general_words().size(); ++i) {
      const GeneralWord& word = general_words()[i];
      const bool right = word.surely.test(static_cast<std::size_t>(track.thing)) && word.hands == track.hand;
      if (right) words.push_back(static_cast<int>(i));
    }
    if (!words.empty()) filter = {-1, random_.pick(words), ""};
  }
  if (random_.chance(0.4)) filter.colour = track.colour;
  return filter;
}

/** A side or place that is right for one of its visits, if the kind has any. */
void Asker::add_side(const Sight& sight, WatchQuery& query) {
  if (sight.visits().empty()) return;
  const Visit& visit = random_.pick(sight.visits());
  const bool sided = query.kind == kEnters || query.kind == kLeaves || query.kind == kPasses;
  if (sided && random_.chance(0.6)) query.side = query.kind == kLeaves ? visit.out.side : visit.in.side;
  if ((query.kind == kPresent && random_.chance(0.2)) || (query.kind == kAppears && random_.chance(0.4))) {
    query.place = static_cast<Place>(random_.integer(1, static_cast<std::int64_t>(Place::kMiddle)));
  }
}

/** Seldom one that does nothing. */
const Sight& Asker::pick_sight() {
  const Sight* sight = &random_.pick(watched_.sights);
  for (int attempt = 0; attempt < 1 && sight->track().path.size() == 1; ++attempt) {
    sight = &random_.pick(watched_.sights);
  }
  return *sight;
}

std::optional<WatchQuery> Asker::about(const Sight& sight, WatchKind kind) {
  WatchQuery query;
  query.kind = kind;
  query.aside = strange_noun();
  query.x = filter_for(sight.track());
  // A hand does not walk.
  const bool walks = sight.track().hand && query.x.thing == kPerson && kind >= kEnters && kind <= kMoves;
  if (walks || !can_do(query.x, kind)) return std::nullopt;
  add_side(sight, query);
  if (is_about_number(kind)) query.count = static_cast<int>(random_.integer(kind == kAtLeast ? 2 : 1, 4));
  if (is_about_two(kind)) {
    const Sight& other = random_.pick(watched_.sights);
    query.y = filter_for(other.track());
    if (!makes_pair(query)) return std::nullopt;
  }
  return query;
}

std::optional<Finding> Asker::happening(WatchKind kind) {
  for (int attempt = 0; attempt < 6; ++attempt) {
    std::optional<WatchQuery> query;
    if (kind == kNone && (watched_.sights.empty() || random_.chance(0.3))) {
      query = WatchQuery{kNone, foreign_class()};
    } else if (!watched_.sights.empty()) {
      query = about(pick_sight(), kind);
    }
    if (!query) continue;
    Judgement judgement = judge(watched_, *query);
    if (judgement.verdict != Verdict::kHappens || (kind == kThen && judgement.spans.size() > 1)) continue;
    return Finding{*query, std::move(judgement.spans)};
  }
  return std::nullopt;
}

std::optional<Finding> Asker::happening() {
  for (int attempt = 0; attempt < 12; ++attempt) {
    if (auto finding = happening(draw_kind(&Often::tried, random_))) return finding;
  }
  return std::nullopt;
}

std::string Asker::strange_noun() {
  return invents_ && random_.chance(0.5) ? invented_noun(random_) : std::string(random_.pick(strange_nouns()));
}

/** Any words, as often as what they name is shown. */
Filter Asker::foreign_filter() { return random_.chance(0.1) ? Filter{-1, -1, "", strange_noun()} : foreign_class(); }

Filter Asker::foreign_class() {
  Filter filter;
  const auto setting = static_cast<Setting>(random_.integer(0, kSettings - 1));
  filter.thing = draw_thing(random_, setting, [](const Thing&) { return true; });
  const auto& colours = thing_at(filter.thing).colours;
  if (random_.chance(0.08)) return {-1, static_cast<int>(random_.integer(0, std::ssize(general_words()) - 1)), ""};
  if (!colours.empty() && random_.chance(0.15)) filter.colour = random_.pick(colours);
  return filter;
}

/** Words for a thing of the scene that may be wrong in one point. */
WatchQuery Asker::near_miss(WatchKind kind) {
  const Sight& sight = pick_sight();
  WatchQuery query;
  query.kind = kind;
  query.x = filter_for(sight.track());
  add_side(sight, query);
  const bool sided = kind == kEnters || kind == kLeaves || kind == kPasses;
  const bool hands = query.x.general >= 0 && general_words()[static_cast<std::size_t>(query.x.general)].hands;
  if (!hands && random_.chance(kind == kPresent ? 0.6 : 0.2)) query.x.colour = random_.pick(kBasicColours);
  if (sided && random_.chance(0.6)) query.side = static_cast<Side>(random_.integer(1, 4));
  return query;
}

std::optional<WatchQuery> Asker::try_absent(WatchKind kind, bool near) {
  WatchQuery query{kind};
  if (near && !watched_.sights.empty()) {
    query = near_miss(kind);
  } else {
    query.x = foreign_filter();
  }
  query.aside = strange_noun();
  if (is_about_number(kind)) query.count = static_cast<int>(random_.integer(kind == kAtLeast ? 2 : 1, 4));
  if (is_about_two(kind)) {
    // Mostly the one is there and the other is not.
    const bool foreign = watched_.sights.empty() || (near && random_.chance(0.6));
    query.y = foreign ? foreign_filter() : filter_for(pick_sight().track());
    if (!near && random_.chance(0.5)) std::swap(query.x, query.y);
    if (!makes_pair(query)) return std::nullopt;
  }
  const bool right = can_do(query.x, kind) && judge(watched_, query).verdict == Verdict::kAbsent;
  return right ? std::optional(query) : std::nullopt;
}

std::optional<WatchQuery> Asker::absent(bool near) {
  for (int round = 0; round < 6; ++round) {
    const WatchKind kind = draw_kind(&Often::found, random_);
    for (int attempt = 0; attempt < 12; ++attempt) {
      if (auto query = try_absent(kind, near && attempt < 8)) return query;
    }
  }
  return std::nullopt;
}

}  // namespace gvl::scenes
