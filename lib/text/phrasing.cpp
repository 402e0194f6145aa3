/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/phrasing.hpp"

namespace gvl::text {

std::vector<std::int64_t> encode_phrasing(const Tokenizer& tokenizer, std::string_view phrasing,
                                          const std::string& query) {
  constexpr std::string_view kPlace = "{query}";
  std::string text;
  EncodeOptions options;
  std::size_t done = 0;
  for (std::size_t at; (at = phrasing.find(kPlace, done)) != phrasing.npos; done = at + kPlace.size()) {
    text += phrasing.substr(done, at - done);
    options.untrusted.push_back({text.size(), text.size() + query.size()});
    text += query;
  }
  text += phrasing.substr(done);
  return tokenizer.encode(text, options);
}

}  // namespace gvl::text
