/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/known_words.hpp"

#include "io/composite.hpp"
#include "model/model_folder.hpp"

namespace gvl::model {
namespace {

std::vector<KnownWords> words_of_members(const std::filesystem::path& folder, const ModelConfig& config) {
  std::vector<KnownWords> members;
  for (const std::string& name : config.member_names) members.emplace_back(io::member_folder(folder, name));
  return members;
}

}  // namespace

KnownWords::KnownWords(const std::filesystem::path& folder) {
  if (load_config(folder).type == ModelType::kThings) {
    things_ = load_thing_words(folder);
  } else {
    words_ = load_words(folder);
  }
}

std::optional<Knowledge> KnownWords::of(const std::string& text) const {
  if (!things_ && !words_) return std::nullopt;
  return Knowledge{!finds_things(text), unknown_words(text).size()};
}

bool KnownWords::finds_things(const std::string& text) const {
  if (!things_) return false;
  const text::SoughtThings sought = things_->read(text);
  return !sought.mentions.empty() && !sought.of_recording;
}

std::vector<std::string> KnownWords::unknown_words(const std::string& text) const {
  if (things_) return things_->unknown_words(text);
  return words_ ? words_->unknown_words(text) : std::vector<std::string>();
}

std::size_t best_member(const std::vector<KnownWords>& members, const std::string& text) {
  std::size_t best = 0;
  Knowledge most = members[0].of(text).value_or(Knowledge::of_the_world());
  for (std::size_t i = 1; i < members.size(); ++i) {
    const auto known = members[i].of(text);
    if (!known || *known >= most) continue;
    best = i;
    most = *known;
  }
  return best;
}

std::optional<Knowledge> knowledge_of(const std::filesystem::path& folder, const std::string& text) {
  const ModelConfig config = load_config(folder);
  if (config.type != ModelType::kComposite) return KnownWords(folder).of(text);
  const std::vector<KnownWords> members = words_of_members(folder, config);
  return members[best_member(members, text)].of(text);
}

}  // namespace gvl::model
