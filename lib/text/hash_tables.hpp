/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::text {

/** Spreads a hash by a secret of this process: nobody can write a file whose keys all fall on the same place. */
inline std::uint64_t spread(std::uint64_t hash) {
  static const std::uint64_t secret = std::uint64_t{std::random_device()()} << 32 | std::random_device()();
  hash ^= secret;  // then MurmurHash3's finalizer
  hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53U;
  return hash ^ hash >> 33;
}

/** A power of two, half of which stays free. */
inline std::size_t slots_for(std::size_t count) {
  std::size_t slots = 16;
  while (slots < count * 2) slots *= 2;
  return slots;
}

/**
 * Tokens by their text: open addressing, so that a look-up touches one or two cache lines instead of a node's. The
 * text of the token with an id is given by the caller, who owns it.
 */
class TokenTable {
 public:
  static constexpr std::int32_t kNone = -1;

  /** Room for `count` tokens. Forgets those it had. */
  void reset(std::size_t count) { slots_.assign(slots_for(count), Slot{}); }
  /** Bytes that the table needs for `count` tokens. */
  static std::size_t memory_for(std::size_t count) { return slots_for(count) * sizeof(Slot); }

  /** The id of a token, or kNone. `text_of(id)` gives the text of one that was inserted. */
  template <typename TextOf>
  std::int32_t find(std::string_view token, TextOf&& text_of) const {
    const std::uint32_t hash = hash_of(token);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.id == kNone || (slot.hash == hash && text_of(slot.id) == token)) return slot.id;
    }
  }

  /** A token that is not there yet; at most `count` of them. */
  void insert(std::string_view token, std::int32_t id) {
    const std::uint32_t hash = hash_of(token);
    std::size_t at = hash & mask();
    while (slots_[at].id != kNone) at = (at + 1) & mask();
    slots_[at] = {hash, id};
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t id = kNone;
  };

  static std::uint32_t hash_of(std::string_view token) {
    return static_cast<std::uint32_t>(spread(std::hash<std::string_view>()(token)));
  }
  std::size_t mask() const { return slots_.size() - 1; }

  std::vector<Slot> slots_;
};

/** What becomes of two tokens side by side: the same for pairs of ids. */
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank = 0;
    std::int32_t id = 0;
  };

  void reset(std::size_t count) { slots_.assign(slots_for(count), Slot{}); }
  static std::size_t memory_for(std::size_t count) { return slots_for(count) * sizeof(Slot); }

  const Merge* find(std::int32_t left, std::int32_t right) const {
    const Slot& slot = slots_[position_of(pair_of(left, right))];
    return slot.pair == kFree ? nullptr : &slot.merge;
  }

  /** Of merges of the same pair the last counts. At most `count` pairs. */
  void insert(std::int32_t left, std::int32_t right, const Merge& merge) {
    const std::uint64_t pair = pair_of(left, right);
    slots_[position_of(pair)] = {pair, merge};
  }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};  // no pair: ids are not negative

  struct Slot {
    std::uint64_t pair = kFree;
    Merge merge;
  };

  static std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
  }

  /** The slot of a pair, or where it would be. */
  std::size_t position_of(std::uint64_t pair) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = spread(pair) & mask;
    while (slots_[at].pair != kFree && slots_[at].pair != pair) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace gvl::text
