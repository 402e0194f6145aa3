/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/paraphrase_table.hpp"

#include <gio/gio.h>

#include <sstream>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr std::size_t kMostLines = 64'000'000;

/** The lines of a file that gzip may have compressed, one in memory at a time. */
class Lines {
 public:
  explicit Lines(const fs::path& file) : file_(file) {
    g_autoptr(GFile) source = g_file_new_for_path(file.c_str());
    g_autoptr(GError) error = nullptr;
    g_autoptr(GFileInputStream) opened = g_file_read(source, nullptr, &error);
    if (!opened) throw Error(ErrorCode::kNotFound, file.string() + ": " + error->message);
    stream_ = G_INPUT_STREAM(g_steal_pointer(&opened));
    buffered_ = g_buffered_input_stream_new(stream_);
    if (!begins_as_gzip()) return;
    g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) plain = g_converter_input_stream_new(buffered_, G_CONVERTER(decompressor));
    g_object_unref(std::exchange(buffered_, g_buffered_input_stream_new(plain)));
  }
  ~Lines() {
    g_object_unref(buffered_);
    g_object_unref(stream_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool next(std::string& line) {
    line.clear();
    for (;;) {
      const char c = byte();
      if (at_end_) break;
      if (c == '\n') break;
      line += c;
      if (line.size() > kLongestLine)
        throw Error(ErrorCode::kUnsupported, place(number_ + 1) + ": is longer than 1 MiB");
    }
    if (at_end_ && line.empty()) return false;
    if (++number_ > kMostLines) throw Error(ErrorCode::kUnsupported, file_.string() + ": has too many lines");
    return true;
  }

  std::size_t number() const noexcept { return number_; }
  std::string place(std::size_t number) const { return file_.string() + ": line " + std::to_string(number); }

 private:
  bool begins_as_gzip() {
    GBufferedInputStream* buffered = G_BUFFERED_INPUT_STREAM(buffered_);
    if (g_buffered_input_stream_fill(buffered, 2, nullptr, nullptr) < 2) return false;
    gsize size = 0;
    const auto* bytes = static_cast<const unsigned char*>(g_buffered_input_stream_peek_buffer(buffered, &size));
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
  }

  char byte() {
    if (at_ == block_.size()) {
      block_.resize(std::size_t{1} << 16);
      g_autoptr(GError) error = nullptr;
      const gssize got = g_input_stream_read(buffered_, block_.data(), block_.size(), nullptr, &error);
      if (got < 0) throw Error(ErrorCode::kMalformed, place(number_ + 1) + ": " + error->message);
      block_.resize(static_cast<std::size_t>(got));
      at_ = 0;
      at_end_ = got == 0;
      if (at_end_) return 0;
    }
    return block_[at_++];
  }

  const fs::path& file_;
  GInputStream* stream_ = nullptr;
  GInputStream* buffered_ = nullptr;
  std::string block_;
  std::size_t at_ = 0;
  bool at_end_ = false;
  std::size_t number_ = 0;
};

}  // namespace

ParaphraseTable::ParaphraseTable(const fs::path& file) {
  Lines lines(file);
  std::string probability, phrase, paraphrase;
  while (lines.next(probability)) {
    const std::string place = lines.place(lines.number());
    if (!lines.next(phrase) || !lines.next(paraphrase))
      throw Error(ErrorCode::kMalformed, place + ": begins no probability, phrase and paraphrase");
    const Words words = add_words(phrase);
    Words others = add_words(paraphrase);
    if (words.empty() || others.empty()) throw Error(ErrorCode::kMalformed, place + ": begins an empty phrase");
    add(words, std::move(others));
  }
}

ParaphraseTable::Words ParaphraseTable::add_words(const std::string& line) {
  Words words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) {
    words.push_back(vocabulary_.try_emplace(word, static_cast<std::uint32_t>(vocabulary_.size())).first->second);
  }
  return words;
}

void ParaphraseTable::add(const Words& phrase, Words paraphrase) {
  std::uint32_t state = 0;
  for (const std::uint32_t word : phrase) {
    const auto [entry, is_new] = states_[state].next.try_emplace(word, static_cast<std::uint32_t>(states_.size()));
    state = entry->second;
    if (is_new) states_.emplace_back();
  }
  states_[state].paraphrases.push_back(std::move(paraphrase));
}

ParaphraseTable::Words ParaphraseTable::numbers_of(const std::vector<std::string>& words) const {
  Words numbers;
  for (const std::string& word : words) {
    const auto found = vocabulary_.find(word);
    numbers.push_back(found == vocabulary_.end() ? kUnknown : found->second);
  }
  return numbers;
}

std::vector<ParaphraseTable::Paraphrase> ParaphraseTable::paraphrases_at(const Words& words, std::size_t start) const {
  std::vector<Paraphrase> found;
  std::uint32_t state = 0;
  for (std::size_t i = start; i < words.size(); ++i) {
    const auto next = states_[state].next.find(words[i]);
    if (next == states_[state].next.end()) break;
    state = next->second;
    for (const Words& paraphrase : states_[state].paraphrases) found.push_back({i + 1 - start, &paraphrase});
  }
  return found;
}

}  // namespace gvl::evaluation
