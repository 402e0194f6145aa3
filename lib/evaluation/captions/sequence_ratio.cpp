/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/sequence_ratio.hpp"

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace gvl::evaluation {
namespace {

using Text = std::u32string;
using Places = std::unordered_map<char32_t, std::vector<std::size_t>>;

/** Parts of both texts. */
struct Range {
  std::size_t a_begin, a_end, b_begin, b_end;
};

struct Block {
  std::size_t a, b, size;
};

/** Where each character stands that may begin a block. */
Places places_in(const Text& b) {
  constexpr std::size_t kLong = 200, kShare = 100;
  Places places;
  for (std::size_t j = 0; j < b.size(); ++j) places[b[j]].push_back(j);
  if (b.size() >= kLong)
    std::erase_if(places, [&](const auto& of) { return of.second.size() > b.size() / kShare + 1; });
  return places;
}

/** The longest block in common, the first one in `a` and then in `b`; grown by characters that begin none. */
Block longest_block(const Text& a, const Text& b, const Places& places, const Range& range) {
  Block best{range.a_begin, range.b_begin, 0};
  std::unordered_map<std::size_t, std::size_t>
      lengths;  // of blocks that end at the character before, by their ends in b
  for (std::size_t i = range.a_begin; i < range.a_end; ++i) {
    std::unordered_map<std::size_t, std::size_t> next;
    const auto found = places.find(a[i]);
    if (found == places.end()) {
      lengths.clear();
      continue;
    }
    for (const std::size_t j : found->second) {
      if (j < range.b_begin) continue;
      if (j >= range.b_end) break;
      const auto before = j > 0 ? lengths.find(j - 1) : lengths.end();
      const std::size_t length = next[j] = (before == lengths.end() ? 0 : before->second) + 1;
      if (length > best.size) best = {i + 1 - length, j + 1 - length, length};
    }
    lengths = std::move(next);
  }
  while (best.a > range.a_begin && best.b > range.b_begin && a[best.a - 1] == b[best.b - 1])
    best = {best.a - 1, best.b - 1, best.size + 1};
  while (best.a + best.size < range.a_end && best.b + best.size < range.b_end &&
         a[best.a + best.size] == b[best.b + best.size])
    ++best.size;
  return best;
}

}  // namespace

double sequence_ratio(const Text& a, const Text& b) {
  if (a.empty() && b.empty()) return 1;
  const Places places = places_in(b);
  std::size_t common = 0;
  std::vector<Range> left{{0, a.size(), 0, b.size()}};
  while (!left.empty()) {
    const Range range = left.back();
    left.pop_back();
    const Block block = longest_block(a, b, places, range);
    if (block.size == 0) continue;
    common += block.size;
    left.push_back({range.a_begin, block.a, range.b_begin, block.b});
    left.push_back({block.a + block.size, range.a_end, block.b + block.size, range.b_end});
  }
  return 2.0 * static_cast<double>(common) / static_cast<double>(a.size() + b.size());
}

}  // namespace gvl::evaluation
