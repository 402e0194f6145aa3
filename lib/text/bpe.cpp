/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/bpe.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <queue>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

void require_absent(const io::JsonValue& model, const char* name) {
  const auto value = model.find(name);
  if (value && !(value->is_string() && value->as_string().empty())) {
    throw value->error("only null is supported", ErrorCode::kUnsupported);
  }
}

/** The id that the vocabulary's JSON gives a token. */
std::size_t parse_id(const io::JsonValue& model, std::string_view name, std::string_view value) {
  std::int64_t id = -1;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), id);
  const bool whole = result.ec == std::errc() && result.ptr == value.data() + value.size();
  if (whole && id >= 0 && id <= Bpe::kLargestId) return static_cast<std::size_t>(id);
  // Tells what is wrong in the words of JsonValue.
  const std::string member = R"({"model": {"vocab": {)" + std::string(name) + ":" + std::string(value) + "}}}";
  const auto root = io::JsonValue::parse(member, model.source());
  return static_cast<std::size_t>(
      root.object("model").object("vocab").members().front().second.as_integer(0, Bpe::kLargestId));
}

/** The two tokens of a merge, "a b" or ["a", "b"]. */
std::optional<std::array<std::string, 2>> parse_merge(std::string_view json) {
  JsonCursor cursor(json);
  std::string buffer;
  if (cursor.peek() == '"') {
    const std::string_view both = cursor.string(buffer);
    const std::size_t space = both.find(' ');
    if (space == both.npos || both.find(' ', space + 1) != both.npos) return std::nullopt;
    return std::array{std::string(both.substr(0, space)), std::string(both.substr(space + 1))};
  }
  if (!cursor.take('[') || cursor.peek() != '"') return std::nullopt;
  std::string left(cursor.string(buffer));
  if (!cursor.take(',') || cursor.peek() != '"') return std::nullopt;
  std::string right(cursor.string(buffer));
  if (!cursor.take(']')) return std::nullopt;
  return std::array{std::move(left), std::move(right)};
}

}  // namespace

/** Merges that could be done, the lowest rank first, then the leftmost. */
class Bpe::Queue {
 public:
  bool empty() const { return queue_.empty(); }
  void push(const Candidate& candidate) { queue_.push(candidate); }
  Candidate pop() {
    const Candidate best = queue_.top();
    queue_.pop();
    return best;
  }

 private:
  struct Later {
    bool operator()(const Candidate& a, const Candidate& b) const {
      return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
    }
  };
  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue_;
};

Bpe::Bpe(const io::JsonValue& model, const CutTokenizer& cut, io::Budget& budget) {
  const std::string type = model.string("type");
  if (type != "BPE") {
    throw model.at("type").error("only BPE is supported, not " + io::quote(type), ErrorCode::kUnsupported);
  }
  require_absent(model, "dropout");
  require_absent(model, "continuing_subword_prefix");
  word_end_ = model.string_or("end_of_word_suffix", "");
  fuse_unknown_ = model.boolean_or("fuse_unk", false);
  ignore_merges_ = model.boolean_or("ignore_merges", false);
  model.object("vocab");
  load_vocabulary(model, cut.vocabulary, budget);
  model.array("merges");
  load_merges(model, cut.merges, budget);
  if (model.boolean_or("byte_fallback", false)) load_byte_tokens();
  if (const auto unknown = model.find("unk_token")) {
    const std::int32_t id = find(unknown->as_string());
    if (id == TokenTable::kNone) throw unknown->error("is not in the vocabulary");
    unknown_ = id;
  }
}

void Bpe::load_vocabulary(const io::JsonValue& model, std::string_view json, io::Budget& budget) {
  JsonCursor cursor(json);
  std::string buffer;
  cursor.take('{');
  while (cursor.peek() == '"') {
    const std::string_view name = cursor.value();
    cursor.take(':');
    const std::size_t id = parse_id(model, name, cursor.value());
    cursor.take(',');
    make_room(id, budget);
    const std::string_view token = JsonCursor(name).string(buffer);
    if (tokens_[id]) {
      throw model.at("vocab").error(io::quote(token) + " has the id " + std::to_string(id) + ", as " +
                                    io::quote(*tokens_[id]) + " has");
    }
    tokens_[id] = token;
  }
  index_vocabulary(model, budget);
}

/** Ids need room for all below them, also those that no token has. */
void Bpe::make_room(std::size_t id, io::Budget& budget) {
  if (id < tokens_.size()) return;
  if (id >= tokens_.capacity()) {
    const std::size_t room = std::max(id + 1, 2 * tokens_.capacity());
    budget.take_memory(room * sizeof(tokens_.front()), "the ids of its vocabulary");
    tokens_.reserve(room);
  }
  tokens_.resize(id + 1);
}

void Bpe::index_vocabulary(const io::JsonValue& model, io::Budget& budget) {
  budget.take_memory(TokenTable::memory_for(tokens_.size()), "the ids of its vocabulary");
  ids_.reset(tokens_.size());
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (!tokens_[id]) continue;
    if (find(*tokens_[id]) != TokenTable::kNone) {
      throw model.at("vocab").error(io::quote(*tokens_[id]) + " is there twice");
    }
    ids_.insert(*tokens_[id], static_cast<std::int32_t>(id));
  }
}

void Bpe::load_merges(const io::JsonValue& model, std::string_view json, io::Budget& budget) {
  std::vector<ParsedMerge> merges;
  JsonCursor cursor(json);
  cursor.take('[');
  while (cursor.peek() != ']' && cursor.peek() != 0) {
    merges.push_back(parse_merge_of_known(model, merges.size(), cursor.value()));
    cursor.take(',');
  }
  budget.take_memory(MergeTable::memory_for(merges.size()), "its merges");
  merges_.reset(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    merges_.insert(merges[rank].left, merges[rank].right, {static_cast<std::uint32_t>(rank), merges[rank].merged});
  }
}

Bpe::ParsedMerge Bpe::parse_merge_of_known(const io::JsonValue& model, std::size_t index, std::string_view json) const {
  const auto fail = [&](const std::string& what) {
    return Error(ErrorCode::kMalformed,
                 model.source() + ": " + model.path() + ".merges[" + std::to_string(index) + "]: " + what);
  };
  const auto pair = parse_merge(json);
  if (!pair) throw fail("expected two tokens");
  const auto require = [&](const std::string& token) {
    const std::int32_t id = find(token);
    if (id == TokenTable::kNone) throw fail(io::quote(token) + " is not in the vocabulary");
    return id;
  };
  return {require((*pair)[0]), require((*pair)[1]), require((*pair)[0] + (*pair)[1])};
}

void Bpe::load_byte_tokens() {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  byte_tokens_.resize(256);
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    const std::string token = {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
    if (const std::int32_t id = find(token); id != TokenTable::kNone) byte_tokens_[byte] = id;
  }
}

std::optional<std::int64_t> Bpe::id_of(std::string_view token) const {
  const std::int32_t id = find(token);
  if (id == TokenTable::kNone) return std::nullopt;
  return id;
}

std::int32_t Bpe::find(std::string_view token) const {
  return ids_.find(token, [&](std::int32_t id) { return std::string_view(*tokens_[static_cast<std::size_t>(id)]); });
}

const std::string* Bpe::token_of(std::int64_t id) const {
  if (id < 0 || id >= size() || !tokens_[static_cast<std::size_t>(id)]) return nullptr;
  return &*tokens_[static_cast<std::size_t>(id)];
}

void Bpe::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  if (word.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw Error(ErrorCode::kInvalidArgument, "text of " + std::to_string(word.size()) + " bytes is too long");
  }
  if (ignore_merges_) {
    if (const auto whole = id_of(word)) {
      ids.push_back(*whole);
      return;
    }
  }
  std::vector<Symbol> symbols = symbols_of(word);
  merge_all(symbols);
  for (const Symbol& symbol : symbols) {
    if (!symbol.merged_away) ids.push_back(symbol.id);
  }
}

/** The word's characters as tokens; those that have none as bytes or as the unknown token. */
std::vector<Bpe::Symbol> Bpe::symbols_of(std::string_view word) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  bool unknown_pending = false;  // written when a known character follows: bytes overtake it, as in the library
  for (std::size_t position = 0; position < word.size();) {
    const std::string_view character = word.substr(position, character_at(word, position).length);
    position += character.size();
    const bool is_last = position == word.size() && !word_end_.empty();
    if (const std::int32_t known = is_last ? find(std::string(character) + word_end_) : find(character);
        known != TokenTable::kNone) {
      if (unknown_pending) symbols.push_back({*unknown_});
      unknown_pending = false;
      symbols.push_back({known});
    } else if (!append_bytes(character, symbols) && unknown_) {
      if (unknown_pending && !fuse_unknown_) symbols.push_back({*unknown_});
      unknown_pending = true;
    }
  }
  if (unknown_pending) symbols.push_back({*unknown_});
  return symbols;
}

/** False, and nothing appended, unless each of the bytes has its token. */
bool Bpe::append_bytes(std::string_view character, std::vector<Symbol>& symbols) const {
  if (byte_tokens_.empty()) return false;
  const auto token_of_byte = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)]; };
  if (!std::all_of(character.begin(), character.end(), [&](char byte) { return token_of_byte(byte).has_value(); })) {
    return false;
  }
  for (const char byte : character) symbols.push_back({*token_of_byte(byte)});
  return true;
}

void Bpe::merge_all(std::vector<Symbol>& symbols) const {
  const auto count = static_cast<std::int32_t>(symbols.size());
  Queue queue;
  for (std::int32_t i = 0; i < count; ++i) {
    symbols[i].previous = i - 1;
    symbols[i].next = i + 1 < count ? i + 1 : -1;
    propose(symbols, i, queue);
  }
  while (!queue.empty()) {
    const Candidate candidate = queue.pop();
    Symbol& left = symbols[candidate.position];
    if (left.merged_away || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    const Merge* merge = merges_.find(left.id, right.id);
    if (!merge || merge->id != candidate.id) continue;  // one of the two has been merged otherwise meanwhile
    left.id = merge->id;
    left.next = right.next;
    right.merged_away = true;
    if (left.next >= 0) symbols[left.next].previous = candidate.position;
    if (left.previous >= 0) propose(symbols, left.previous, queue);
    propose(symbols, candidate.position, queue);
  }
}

/** Queues the merge of the symbol at `position` with the next one, if there is such a merge. */
void Bpe::propose(const std::vector<Symbol>& symbols, std::int32_t position, Queue& queue) const {
  const Symbol& left = symbols[position];
  const std::int32_t next = left.next;
  if (next < 0) return;
  const Merge* merge = merges_.find(left.id, symbols[next].id);
  if (merge) queue.push({merge->rank, position, merge->id});
}

}  // namespace gvl::text
