/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/known_words.hpp"

#include "model/model_folder.hpp"

namespace gvl::model {
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

}  // namespace gvl::model
