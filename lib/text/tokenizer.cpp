/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer.hpp"

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"
#include "io/json_scanner.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"
#include "text/limits.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr std::size_t kMostTemplateIds = 64;  // at either side of a text

void require_utf8(std::string_view text, const std::string& what) {
  if (const auto invalid = find_invalid_utf8(text)) {
    throw Error(ErrorCode::kInvalidArgument, what + " is not UTF-8 at byte " + std::to_string(*invalid));
  }
}

std::vector<bool> marked(std::size_t length, const std::vector<ByteRange>& ranges) {
  if (ranges.empty()) return {};
  std::vector<bool> marks(length);
  for (const ByteRange& range : ranges) {
    if (range.start > range.stop || range.stop > length) {
      throw Error(ErrorCode::kInvalidArgument, "an untrusted range lies outside the text");
    }
    std::fill(marks.begin() + static_cast<std::ptrdiff_t>(range.start),
              marks.begin() + static_cast<std::ptrdiff_t>(range.stop), true);
  }
  return marks;
}

}  // namespace

Tokenizer Tokenizer::load(const std::filesystem::path& file) {
  const auto mapped = io::MappedFile::open(file, io::MappedFile::Access::kSequential);
  return parse(mapped->text(), file.string());
}

Tokenizer Tokenizer::parse(std::string_view json, std::string source) {
  io::scan_json(json, source, {});
  const CutTokenizer cut = cut_tokenizer(json);
  io::Budget budget(json.size(), source + ": the tokenizer");
  return Tokenizer(io::JsonValue::parse(cut.rest, std::move(source)), cut, budget);
}

Tokenizer::Tokenizer(const io::JsonValue& root, const CutTokenizer& cut, io::Budget& budget)
    : model_(root.object("model"), cut, budget), size_(model_.size()) {
  if (const auto part = root.find("normalizer")) normalizer_ = Normalizer(*part);
  if (const auto part = root.find("pre_tokenizer")) pre_tokenizer_ = PreTokenizer(*part);
  budget.take_memory(normalizer_.memory() + pre_tokenizer_.memory(), "its patterns");
  if (const auto part = root.find("decoder")) decoder_ = Decoder(*part);
  if (const auto tokens = root.find("added_tokens")) {
    for (const io::JsonValue& token : tokens->elements()) load_added_token(token, budget);
    added_.index();
  }
  if (const auto part = root.find("post_processor")) load_post_processor(*part);
}

void Tokenizer::load_added_token(const io::JsonValue& value, io::Budget& budget) {
  AddedToken token;
  token.id = value.integer("id", 0, Bpe::kLargestId);
  token.content = value.string("content");
  token.single_word = value.boolean("single_word");
  token.lstrip = value.boolean("lstrip");
  token.rstrip = value.boolean("rstrip");
  token.normalized = value.boolean("normalized");
  token.special = value.boolean("special");
  if (token.content.empty()) throw value.at("content").error("is empty");
  if (token.content.size() > AddedVocabulary::kLongestContent) {
    throw value.at("content").error("is longer than 1024 bytes", ErrorCode::kUnsupported);
  }
  const auto known = token_to_id(token.content);
  if (known && *known != token.id) {
    throw value.at("id").error(io::quote(token.content) + " has the id " + std::to_string(*known) + " already");
  }
  if (!known && id_to_token(token.id)) {
    throw value.at("id").error(io::quote(*id_to_token(token.id)) + " has the id " + std::to_string(token.id) +
                               " already");
  }
  try {
    add(std::move(token), budget);
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(value.source())) throw;  // what ran out is the whole file's
    throw value.at("content").error(error.what(), error.code());
  }
}

void Tokenizer::add(AddedToken token, io::Budget& budget) {
  constexpr std::size_t kCopies = 3;  // what is kept, what is looked for, and either while they are made
  constexpr std::size_t kLongestNormalized = 4 * AddedVocabulary::kLongestContent;
  Piece piece{token.content, {}, std::nullopt};
  TextBudget length(token.content.size(), budget);
  if (token.normalized) normalizer_.apply(piece, length);
  if (piece.text.size() > kLongestNormalized) {
    throw Error(ErrorCode::kUnsupported, "is longer than 4096 bytes when normalized");
  }
  budget.take_memory(kCopies * piece.text.size(), "its added tokens");
  size_ = std::max(size_, token.id + 1);
  added_.add(std::move(token), std::move(piece.text));
}

void Tokenizer::load_post_processor(const io::JsonValue& post_processor) {
  const std::string type = post_processor.string("type");
  if (type == "Sequence") {
    for (const io::JsonValue& step : post_processor.at("processors").elements()) load_post_processor(step);
  } else if (type == "TemplateProcessing") {
    load_template(post_processor);
  } else if (type == "RobertaProcessing") {
    before_ = {load_pair(post_processor.array("cls"))};
    after_ = {load_pair(post_processor.array("sep"))};
  } else if (type != "ByteLevel") {  // which changes offsets only
    throw unsupported_type(post_processor, type);
  }
}

/** A token that stands before or behind a text: [content, id]. */
std::int64_t Tokenizer::load_pair(const io::JsonValue& pair) const {
  if (pair.size() != 2) throw pair.error("expected a token and its id");
  const std::string content = pair.at(0).as_string();
  const std::int64_t id = pair.at(1).as_integer(0, Bpe::kLargestId);
  if (token_to_id(content) != id) throw pair.error(io::quote(content) + " has not the id " + std::to_string(id));
  return id;
}

void Tokenizer::load_template(const io::JsonValue& processor) {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
  bool seen = false;
  const io::JsonValue single = processor.array("single");
  if (single.size() > 2 * kMostTemplateIds) throw single.error("has too many items", ErrorCode::kUnsupported);
  for (const io::JsonValue& item : single.elements()) {
    if (const auto sequence = item.find("Sequence")) {
      if (seen || sequence->string("id") != "A") throw sequence->error("expected sequence A, once");
      seen = true;
      continue;
    }
    const std::vector<std::int64_t> ids = load_template_ids(processor, item);
    std::vector<std::int64_t>& side = seen ? after : before;
    side.insert(side.end(), ids.begin(), ids.end());
    const std::size_t all = side.size() + (seen ? after_ : before_).size();  // of templates before this one, too
    if (all > kMostTemplateIds) throw item.error("adds more than 64 tokens", ErrorCode::kUnsupported);
  }
  if (!seen) throw processor.at("single").error("has no Sequence");
  before_.insert(before_.begin(), before.begin(), before.end());
  after_.insert(after_.end(), after.begin(), after.end());
}

std::vector<std::int64_t> Tokenizer::load_template_ids(const io::JsonValue& processor,
                                                       const io::JsonValue& item) const {
  const std::string name = item.object("SpecialToken").string("id");
  std::vector<std::int64_t> ids;
  for (const io::JsonValue& id : processor.object("special_tokens").object(name).array("ids").elements()) {
    if (ids.size() == kMostTemplateIds) throw id.error("is one token too many", ErrorCode::kUnsupported);
    ids.push_back(id.as_integer(0, Bpe::kLargestId));
    if (!id_to_token(ids.back())) throw id.error("no token has the id " + std::to_string(ids.back()));
  }
  return ids;
}

std::vector<std::int64_t> Tokenizer::add_tokens(std::span<const std::string> tokens) {
  for (const std::string& token : tokens) {
    if (token.empty()) throw Error(ErrorCode::kInvalidArgument, "a token to add is empty");
    if (token.size() > AddedVocabulary::kLongestContent) {
      throw Error(ErrorCode::kInvalidArgument, "a token to add is longer than 1024 bytes: " + io::quote(token));
    }
    require_utf8(token, "a token to add, " + io::quote(token) + ",");
  }
  std::vector<std::int64_t> ids;
  std::size_t bytes = 0;
  for (const std::string& content : tokens) bytes += content.size();
  io::Budget budget(bytes, "adding tokens", ErrorCode::kResource);
  for (const std::string& content : tokens) {
    AddedToken token;
    token.id = token_to_id(content).value_or(size_);
    token.content = content;
    ids.push_back(token.id);
    add(std::move(token), budget);
  }
  added_.index();
  return ids;
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, bool add_special) const {
  EncodeOptions options;
  options.add_special = add_special;
  return encode(text, options);
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  require_utf8(text, "text");
  if (text.size() > kLongestText) {
    throw Error(ErrorCode::kResource, "a text of " + std::to_string(text.size()) + " bytes is longer than " +
                                          std::to_string(kLongestText) + " bytes");
  }
  io::Budget work(text.size(), "this tokenizer's reading of a text", ErrorCode::kResource);
  TextBudget length(text.size(), work);
  std::vector<std::int64_t> ids;
  if (options.add_special) ids = before_;
  const Piece whole{std::string(text), marked(text.size(), options.untrusted), std::nullopt};
  added_.split_raw(whole, options.permitted, work, [&](Piece piece) {
    if (piece.id) return ids.push_back(*piece.id);
    normalizer_.apply(piece, length);
    encode_normalized(piece, options, work, ids);
  });
  if (options.add_special) ids.insert(ids.end(), after_.begin(), after_.end());
  return ids;
}

void Tokenizer::encode_normalized(const Piece& normalized, const EncodeOptions& options, io::Budget& work,
                                  std::vector<std::int64_t>& ids) const {
  added_.split_normalized(normalized, options.permitted, work, [&](Piece piece) {
    if (piece.id) return ids.push_back(*piece.id);
    pre_tokenizer_.split(std::move(piece.text), work, [&](const std::string& word) { model_.encode(word, ids); });
  });
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids, bool skip_special) const {
  constexpr std::size_t kBytesOfToken = 32;
  io::Budget work(kBytesOfToken * ids.size(), "this tokenizer's writing of a text", ErrorCode::kResource);
  TextBudget length(kBytesOfToken * ids.size(), work);
  std::size_t bytes = 0;
  const auto take = [&](const std::string& token) {
    length.require_length(bytes, token.size());
    bytes += token.size();
    return token;
  };
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const std::int64_t id : ids) {
    if (const AddedToken* added = added_.find(id)) {
      if (!skip_special || !added->special) tokens.push_back(take(added_.decoded_form(*added)));
    } else if (const std::string* token = model_.token_of(id)) {
      tokens.push_back(take(*token));
    }
  }
  return decoder_.decode(std::move(tokens), length);
}

std::optional<std::int64_t> Tokenizer::token_to_id(std::string_view token) const {
  const auto added = added_.id_of(token);
  return added ? added : model_.id_of(token);
}

std::optional<std::string> Tokenizer::id_to_token(std::int64_t id) const {
  if (const AddedToken* added = added_.find(id)) return added->content;
  if (const std::string* token = model_.token_of(id)) return *token;
  return std::nullopt;
}

}  // namespace gvl::text
