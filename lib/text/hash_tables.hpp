#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::text {

/**
 * Tokens by their text: open addressing, so that a look-up touches one or two cache lines instead of a node's. The
 * text of the token with an id is given by the caller, who owns it.
 */
class TokenTable {
 public:
  static constexpr std::int32_t kNone = -1;

  /** Room for `count` tokens. Forgets those it had. */
  void reset(std::size_t count) {
    std::size_t slots = 16;
    while (slots < count * 2) slots *= 2;
    slots_.assign(slots, Slot{});
  }

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
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(token));
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

  void reset(std::size_t count) {
    std::size_t slots = 16;
    while (slots < count * 2) slots *= 2;
    slots_.assign(slots, Slot{});
  }

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
    std::uint64_t hash = pair * 0x9E3779B97F4A7C15U;  // golden ratio: spreads neighbouring ids
    hash ^= hash >> 32;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].pair != kFree && slots_[at].pair != pair) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace gvl::text
