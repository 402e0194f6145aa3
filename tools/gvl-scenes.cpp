/*
 * gvl-scenes tokenizer OUT.json: trains a tokenizer on the words that generated conversations use. Exits 0 when the
 * file is written, 1 on wrong usage, 2 when it cannot be.
 */
#include <glib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "scenes/phrases.hpp"
#include "text/bpe_trainer.hpp"

namespace {

using namespace gvl;

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-scenes: %s\nusage: gvl-scenes tokenizer OUT.json [VOCABULARY]\n", reason);
  return 1;
}

int write_tokenizer(const std::string& file, std::size_t vocabulary) {
  constexpr std::size_t kTexts = 60000;
  const std::vector<std::string> texts = scenes::corpus(1, kTexts);
  std::ofstream stream(file, std::ios::binary);
  stream << text::train_byte_level_bpe(texts, vocabulary, {"<|video|>", "<|answer|>", "<|end|>"});
  stream.close();
  if (!stream) throw Error(ErrorCode::kResource, file + ": cannot be written");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || std::string(argv[1]) != "tokenizer") return usage("what is to be made?");
  constexpr std::size_t kVocabulary = 2700;
  try {
    return write_tokenizer(argv[2], argc > 3 ? std::strtoul(argv[3], nullptr, 10) : kVocabulary);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-scenes: %s\n", failure.what());
    return 2;
  }
}
