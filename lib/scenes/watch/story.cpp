/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/story.hpp"

#include <algorithm>

#include "scenes/english.hpp"
#include "scenes/watch/naming.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_phrases.hpp"

namespace gvl::scenes {
namespace {

using enum WatchKind;

/** Whether it is there from beginning to end and does nothing. */
bool is_furniture(const Sight& sight, double duration) {
  const Spans rests = sight.resting(Reading::kUsual);
  return rests.size() == 1 && length(rests.front()) > duration - 0.2 && sight.visits().size() == 1;
}

/** Whether it is the hand of another thing's story. */
bool is_hand(const Sight& sight, const Watched& watched) {
  return std::any_of(watched.sights.begin(), watched.sights.end(), [&](const Sight& other) {
    const auto& handlings = other.handlings();
    return std::any_of(handlings.begin(), handlings.end(),
                       [&](const Handling& one) { return one.surely && one.hand == &sight.track(); });
  });
}

class Teller {
 public:
  explicit Teller(Story& story) : story_(story) {}

  void tell(const Sight& sight) {
    for (const Visit& visit : sight.visits()) tell(sight, visit);
  }

 private:
  void add(const Sight& sight, WatchKind kind, const TimeRange& time, Side side = Side::kNone) {
    WatchQuery query;
    query.kind = kind;
    query.x = filter_of(sight.track());
    query.side = side;
    story_.deeds.push_back({time, query});
  }

  void tell(const Sight& sight, const Visit& visit) {
    // What hardly comes into the picture is seen by some and not by others.
    if (!visit.sure) {
      story_.sure = false;
      return;
    }
    const std::size_t before = story_.deeds.size();
    if (surely_passes(sight, visit, Side::kNone)) return add(sight, kPasses, visit.seen[1], visit.in.side);
    tell_end(sight, visit, true);
    tell_middle(sight, visit);
    tell_end(sight, visit, false);
    if (story_.deeds.size() == before) add(sight, kPresent, visit.seen[1]);
  }

  void tell_end(const Sight& sight, const Visit& visit, bool in) {
    const Crossing& crossing = in ? visit.in : visit.out;
    if (!crossing.arguably) return;
    if (!crossing.surely) {
      story_.sure = false;
      return;
    }
    for (const Handling& handling : sight.handlings()) {
      const bool here =
          handling.placed == in && handling.when.start < visit.seen[2].stop && handling.when.stop > visit.seen[2].start;
      if (here && handling.surely) return add(sight, in ? kPlaced : kTaken, handling.when);
    }
    if (crossing.side != Side::kNone) return add(sight, in ? kEnters : kLeaves, crossing.when, crossing.side);
    add(sight, in ? kAppears : kDisappears, crossing.when);
  }

  /** How it moves while it is there, apart from coming and going. */
  void tell_middle(const Sight& sight, const Visit& visit) {
    const double from = visit.in.surely ? visit.in.when.stop : visit.seen[1].start;
    const double to = visit.out.surely ? visit.out.when.start : visit.seen[1].stop;
    if (to - from < 1) return;
    static constexpr WatchKind kinds[] = {kMovesLeft, kMovesRight, kMovesUp, kMovesDown, kComesCloser, kGoesAway};
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
      for (const TimeRange& time : sight.moving(static_cast<Direction>(i), Reading::kUsual)) {
        // The way in or out is told already.
        if (time.start >= from - 0.5 && time.stop <= to + 0.5) add(sight, kinds[i], time);
      }
    }
  }

  Story& story_;
};

}  // namespace

Filter filter_of(const Track& track) { return {track.thing, -1, track.colour}; }

Story story_of(const Watched& watched) {
  Story story;
  Teller teller(story);
  for (const Sight& sight : watched.sights) {
    if (is_furniture(sight, watched.scene.duration)) {
      story.furniture.push_back(filter_of(sight.track()));
    } else if (!is_hand(sight, watched)) {
      teller.tell(sight);
    }
  }
  std::stable_sort(story.deeds.begin(), story.deeds.end(),
                   [](const Deed& a, const Deed& b) { return a.time.start < b.time.start; });
  return story;
}

std::vector<Report> reports_of(const Story& story) {
  std::vector<Report> reports;
  for (const Deed& deed : story.deeds) reports.emplace_back(deed.time, report(deed.query));
  return reports;
}

std::string opening_of(const Story& story) {
  std::vector<std::string> names;
  bool plural = story.furniture.size() > 1;
  for (const Filter& filter : story.furniture) {
    const Mention mention = one_of(filter, nullptr);
    const bool again = std::find(names.begin(), names.end(), mention.text) != names.end();
    names.push_back(again ? "another " + noun_of(filter, nullptr) : mention.text);
    plural = plural || mention.plural;
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text.empty() ? "" : sentence(text + (plural ? " are" : " is") + " in the picture");
}

}  // namespace gvl::scenes
