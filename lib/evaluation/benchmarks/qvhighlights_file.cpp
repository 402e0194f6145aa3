/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/qvhighlights_file.hpp"

#include <unordered_map>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"

namespace gvl::evaluation {
namespace {

std::string id_of(const io::JsonValue& id) {
  if (!id.is_string()) return std::to_string(id.as_integer());
  return '"' + id.as_string() + '"';
}

}  // namespace

void for_each_qvhighlights_line(const std::filesystem::path& file,
                                const std::function<void(const std::string& id, const io::JsonValue& record)>& take) {
  std::unordered_map<std::string, std::string> seen;
  JsonLines lines(file);
  for (std::string line; lines.next(line);) {
    const std::string place = file.string() + ": line " + std::to_string(lines.number());
    const auto record = io::JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    const std::string id = id_of(record.at("qid"));
    const auto [first, is_new] = seen.emplace(id, place);
    if (!is_new) throw record.at("qid").error(id + " was there before (" + first->second + ")");
    take(id, record);
  }
  if (seen.empty()) throw Error(ErrorCode::kMalformed, file.string() + ": has no queries");
}

}  // namespace gvl::evaluation
