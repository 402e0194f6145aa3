#include "text/bpe.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <queue>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr std::uint64_t pair_of(std::int32_t left, std::int32_t right) noexcept {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

void require_absent(const io::JsonValue& model, const char* name) {
  const auto value = model.find(name);
  if (value && !(value->is_string() && value->as_string().empty())) {
    throw value->error("only null is supported", ErrorCode::kUnsupported);
  }
}

bool is_string(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

/** Straight from json-glib unless there is an error to tell: a vocabulary may have 200,000 members. */
std::size_t id_of_member(const io::JsonValue& vocabulary, const char* token, JsonNode* node) {
  const bool integer = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
  const std::int64_t id = integer ? json_node_get_int(node) : -1;
  if (id >= 0 && id <= Bpe::kLargestId) return static_cast<std::size_t>(id);
  return static_cast<std::size_t>(vocabulary.at(token).as_integer(0, Bpe::kLargestId));
}

/** The two tokens of one merge, "a b" or ["a", "b"]; views into the JSON. */
std::optional<std::array<std::string_view, 2>> parse_merge(JsonNode* node) {
  if (is_string(node)) {
    const std::string_view both = json_node_get_string(node);
    const std::size_t space = both.find(' ');
    if (space == both.npos || both.find(' ', space + 1) != both.npos) return std::nullopt;
    return std::array{both.substr(0, space), both.substr(space + 1)};
  }
  if (!JSON_NODE_HOLDS_ARRAY(node)) return std::nullopt;
  JsonArray* pair = json_node_get_array(node);
  if (json_array_get_length(pair) != 2) return std::nullopt;
  JsonNode* left = json_array_get_element(pair, 0);
  JsonNode* right = json_array_get_element(pair, 1);
  if (!is_string(left) || !is_string(right)) return std::nullopt;
  return std::array<std::string_view, 2>{json_node_get_string(left), json_node_get_string(right)};
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

Bpe::Bpe(const io::JsonValue& model) {
  const std::string type = model.string("type");
  if (type != "BPE") {
    throw model.at("type").error("only BPE is supported, not " + io::quote(type), ErrorCode::kUnsupported);
  }
  require_absent(model, "dropout");
  require_absent(model, "continuing_subword_prefix");
  require_absent(model, "end_of_word_suffix");
  fuse_unknown_ = model.boolean_or("fuse_unk", false);
  ignore_merges_ = model.boolean_or("ignore_merges", false);
  load_vocabulary(model.object("vocab"));
  load_merges(model.array("merges"));
  if (model.boolean_or("byte_fallback", false)) load_byte_tokens();
  if (const auto unknown = model.find("unk_token")) {
    const auto found = ids_.find(unknown->as_string());
    if (found == ids_.end()) throw unknown->error("is not in the vocabulary");
    unknown_ = found->second;
  }
}

void Bpe::load_vocabulary(const io::JsonValue& vocabulary) {
  JsonObjectIter iterator;
  const char* token = nullptr;
  JsonNode* node = nullptr;
  json_object_iter_init(&iterator, json_node_get_object(vocabulary.node()));
  while (json_object_iter_next(&iterator, &token, &node)) {
    const std::size_t id = id_of_member(vocabulary, token, node);
    if (id >= tokens_.size()) tokens_.resize(id + 1);
    if (tokens_[id]) {
      throw vocabulary.at(token).error("has the id " + std::to_string(id) + ", as " + io::quote(*tokens_[id]) + " has");
    }
    tokens_[id] = token;
  }
  ids_.reserve(tokens_.size());
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (tokens_[id]) ids_.emplace(*tokens_[id], static_cast<std::int32_t>(id));
  }
}

void Bpe::load_merges(const io::JsonValue& merges) {
  JsonArray* array = json_node_get_array(merges.node());
  const guint length = json_array_get_length(array);
  merges_.reserve(length);
  for (guint i = 0; i < length; ++i) {
    const auto merge = parse_merge(json_array_get_element(array, i));
    if (!merge) throw merges.at(i).error("expected two tokens");
    add_merge(merges, i, (*merge)[0], (*merge)[1]);
  }
}

void Bpe::add_merge(const io::JsonValue& merges, std::size_t index, std::string_view left, std::string_view right) {
  const auto require = [&](std::string_view token) {
    const auto found = ids_.find(token);
    if (found == ids_.end()) throw merges.at(index).error(io::quote(token) + " is not in the vocabulary");
    return found->second;
  };
  const std::int32_t left_id = require(left);
  const std::int32_t right_id = require(right);
  const std::int32_t merged = require(std::string(left).append(right));
  merges_[pair_of(left_id, right_id)] = Merge{static_cast<std::uint32_t>(index), merged};
}

void Bpe::load_byte_tokens() {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  byte_tokens_.resize(256);
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    const std::string token = {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
    if (const auto found = ids_.find(token); found != ids_.end()) byte_tokens_[byte] = found->second;
  }
}

std::optional<std::int64_t> Bpe::id_of(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
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
    if (const auto known = ids_.find(character); known != ids_.end()) {
      if (unknown_pending) symbols.push_back({*unknown_});
      unknown_pending = false;
      symbols.push_back({known->second});
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
    const Merge* merge = merge_of(left.id, right.id);
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
  const Merge* merge = merge_of(left.id, symbols[next].id);
  if (merge) queue.push({merge->rank, position, merge->id});
}

const Bpe::Merge* Bpe::merge_of(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(pair_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

}  // namespace gvl::text
