/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <vector>

#include "scenes/random.hpp"
#include "scenes/watch/query.hpp"

namespace gvl::scenes {

/** A query with its only right answer. */
struct Finding {
  WatchQuery query;
  Spans spans;  ///< none where it does not happen
};

/** Finds queries about a scene whose answers nobody would dispute. */
class Asker {
 public:
  /** Draws from `random`; both have to outlive this. With `invents`, nouns of no class may be words that there are not.
   */
  Asker(const Watched& watched, Random& random, bool invents = false)
      : watched_(watched), random_(random), invents_(invents) {}

  /** Something that happens; nothing where none was found. */
  std::optional<Finding> happening();
  /** The same of one kind. */
  std::optional<Finding> happening(WatchKind kind);

  /** Something that surely does not happen: `near` to something that does, or anything. */
  std::optional<WatchQuery> absent(bool near);

  const Watched& watched() const { return watched_; }
  Random& random() { return random_; }

 private:
  Filter filter_for(const Track& track);
  const Sight& pick_sight();
  std::optional<WatchQuery> about(const Sight& sight, WatchKind kind);
  void add_side(const Sight& sight, WatchQuery& query);
  Filter foreign_filter();
  Filter foreign_class();
  std::string strange_noun();
  WatchQuery near_miss(WatchKind kind);
  std::optional<WatchQuery> try_absent(WatchKind kind, bool near);
  bool can_do(const Filter& filter, WatchKind kind) const;

  const Watched& watched_;
  Random& random_;
  bool invents_;
};

}  // namespace gvl::scenes
