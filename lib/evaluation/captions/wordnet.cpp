/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/wordnet.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kParts{"noun", "verb", "adj", "adv"};

Error at_line(const fs::path& file, std::size_t line, const std::string& what) {
  return Error(ErrorCode::kMalformed, file.string() + ": line " + std::to_string(line) + ": " + what);
}

/** Takes the next field of a line; empty at its end. */
std::string_view next_field(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  const std::string_view field = line.substr(0, line.find_first_of(kSpace));
  line.remove_prefix(field.size());
  return field;
}

/** Takes the last field of a line. */
std::string_view last_field(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t end = line.find_last_not_of(kSpace);
  if (end == line.npos) return {};
  const std::size_t start = line.find_last_of(kSpace, end) + 1;
  const std::string_view field = line.substr(start, end + 1 - start);
  line = line.substr(0, start);
  return field;
}

/** Calls `visit` with each line and its number, but for the licence, whose lines begin with a blank. */
template <typename Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.front() != ' ') visit(line, number);
  }
}

/** A number of digits alone. */
bool read_number(std::string_view text, std::uint32_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size();
}

/** An ending of a form, and of the word that it is of: as in WordNet's morph.c, nouns, verbs, adjectives. */
using Ending = std::pair<std::string_view, std::string_view>;
constexpr std::array<Ending, 20> kEndings{{{"s", ""},      {"ses", "s"},   {"xes", "x"}, {"zes", "z"}, {"ches", "ch"},
                                           {"shes", "sh"}, {"men", "man"}, {"ies", "y"}, {"s", ""},    {"ies", "y"},
                                           {"es", "e"},    {"es", ""},     {"ed", "e"},  {"ed", ""},   {"ing", "e"},
                                           {"ing", ""},    {"er", ""},     {"est", ""},  {"er", "e"},  {"est", "e"}}};

}  // namespace

WordNet::WordNet(const fs::path& folder) {
  if (!fs::exists(folder / "index.noun")) {
    throw Error(ErrorCode::kNotFound, (folder / "index.noun").string() +
                                          ": WordNet is not there (Debian has it in the package wordnet-base)");
  }
  for (std::size_t i = 0; i < kParts.size(); ++i) read_index(folder / (std::string("index.") + kParts[i]), indices_[i]);
  for (const char* part : kParts) read_exceptions(folder / (std::string(part) + ".exc"));
}

// wndb(5): lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt synset_offset [synset_offset...]
void WordNet::read_index(const fs::path& file, Index& index) {
  constexpr std::uint32_t kMostSenses = 1000;
  files_.push_back(io::MappedFile::open(file, io::MappedFile::Access::kSequential));
  for_each_line(files_.back()->text(), [&](std::string_view line, std::size_t number) {
    const std::string_view word = next_field(line);
    next_field(line);
    std::uint32_t count = 0;
    if (!read_number(next_field(line), count) || count == 0 || count > kMostSenses)
      throw at_line(file, number, "is no line of WordNet's index");
    const auto first = static_cast<std::uint32_t>(offsets_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint32_t offset = 0;
      if (!read_number(last_field(line), offset)) throw at_line(file, number, "has an offset that is no number");
      offsets_.push_back(offset);
    }
    index.emplace(word, Range{first, count});
  });
}

void WordNet::read_exceptions(const fs::path& file) {
  files_.push_back(io::MappedFile::open(file, io::MappedFile::Access::kSequential));
  for_each_line(files_.back()->text(), [&](std::string_view line, std::size_t number) {
    std::vector<std::string_view>& bases = bases_[next_field(line)];
    const std::size_t before = bases.size();
    for (auto base = next_field(line); !base.empty(); base = next_field(line)) bases.push_back(base);
    if (bases.size() == before) throw at_line(file, number, "is no form and its word");
  });
}

bool WordNet::has(std::string_view word) const {
  return std::any_of(indices_.begin(), indices_.end(), [&](const Index& index) { return index.contains(word); });
}

void WordNet::add(std::string_view word, std::vector<std::uint32_t>& to) const {
  for (const Index& index : indices_) {
    const auto found = index.find(word);
    if (found == index.end()) continue;
    const auto first = offsets_.begin() + found->second.first;
    to.insert(to.end(), first, first + found->second.count);
  }
}

// The first ending that leads to a word that there is. METEOR takes no more than that one, of any part of speech.
std::string WordNet::base_of(const std::string& word) const {
  if (word.size() <= 2 || word.ends_with("ss")) return word;
  for (const auto& [ending, other] : kEndings) {
    if (!word.ends_with(ending)) continue;
    const std::string base = word.substr(0, word.size() - ending.size()) + std::string(other);
    if (has(base)) return base;
  }
  return {};
}

std::vector<std::uint32_t> WordNet::synsets(const std::string& word) const {
  std::vector<std::uint32_t> found;
  add(word, found);
  const auto irregular = bases_.find(word);
  if (irregular != bases_.end()) {
    for (const std::string_view base : irregular->second) add(base, found);
  } else {
    add(base_of(word), found);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace gvl::evaluation
