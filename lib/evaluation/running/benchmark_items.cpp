/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/benchmark_items.hpp"

#include <glib.h>

#include <map>
#include <set>
#include <utility>

#include "evaluation/benchmarks/grounded_qa.hpp"
#include "evaluation/benchmarks/mvbench.hpp"
#include "evaluation/benchmarks/option_parsing.hpp"
#include "evaluation/benchmarks/qvhighlights_file.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/captions/dense_caption_files.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"
#include "text/utf8.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;
using Items = std::vector<BenchmarkItem>;

/** Without a question there is nothing to ask: an empty query. */
Query multiple_choice(const std::string& question, const std::vector<std::string>& options) {
  if (question.find_first_not_of(" \t\r\n") == question.npos) return {Task::kQuestion, ""};
  std::string text = "Question: " + question + "\nOptions:";
  for (std::size_t i = 0; i < options.size(); ++i)
    text += std::string("\n(") + static_cast<char>('A' + i) + ") " + options[i];
  return {Task::kQuestion, text};
}

Items grounding_items(const fs::path& file) {
  Items items;
  for (const GroundingQuery& query : read_grounding_queries(file)) {
    const std::string video = query.id.substr(0, query.id.rfind('#'));
    items.push_back({query.id, video, std::nullopt, {{Task::kGrounding, query.text}}, {}});
  }
  return items;
}

Items caption_items(const fs::path& file) {
  Items items;
  for (const auto& [video, captions] : read_caption_annotation(file).videos)
    items.push_back({video, video, std::nullopt, {{Task::kDenseCaption, ""}}, {}});
  return items;
}

Items highlight_items(const fs::path& file) {
  Items items;
  for_each_qvhighlights_line(file, [&](const std::string& id, const io::JsonValue& record) {
    items.push_back({id, record.string("vid"), std::nullopt, {{Task::kGrounding, record.string("query")}}, {}});
  });
  return items;
}

/** Where videos of NExT-GQA are, by their numbers: "1164/3238737531". */
std::map<std::string, std::string> nextgqa_folders(const fs::path& folder) {
  std::map<std::string, std::string> folders;
  const fs::path file = folder / "map_vid_vidorID.json";
  if (!fs::exists(file)) return folders;
  for (const auto& [video, place] : io::JsonValue::load(file).members()) folders[video] = place.as_string();
  return folders;
}

Items nextgqa_items(const fs::path& folder) {
  std::set<std::string> grounded;
  for (const GroundedQuestion& question : read_grounded_questions(folder / "gsub_test.json"))
    grounded.insert(question.key);
  const auto folders = nextgqa_folders(folder);
  Items items;
  for (const QuestionType& question : read_question_types(folder / "test.csv")) {
    if (!grounded.contains(question.key)) continue;
    if (question.question.empty() || question.options.empty()) {
      throw Error(ErrorCode::kMalformed, (folder / "test.csv").string() + ": " + io::quote(question.key) +
                                             " has no question and options: columns question, a0, a1, ... are needed");
    }
    const auto place = folders.find(question.video);
    items.push_back({question.key,
                     place == folders.end() ? question.video : place->second,
                     std::nullopt,
                     {multiple_choice(question.question, question.options), {Task::kGrounding, question.question}},
                     question.options});
  }
  return items;
}

Items mvbench_items(const fs::path& folder) {
  Items items;
  for (const MvbenchTask& task : mvbench_tasks()) {
    const fs::path file = folder / (std::string(task.name) + ".json");
    if (!fs::exists(file)) continue;
    const auto questions = read_mvbench_task(file);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      items.push_back({std::string(task.name) + "#" + std::to_string(i),
                       questions[i].video,
                       questions[i].bounds,
                       {multiple_choice(questions[i].question, questions[i].candidates)},
                       questions[i].candidates,
                       task.frames_per_second});
    }
  }
  if (items.empty()) throw Error(ErrorCode::kNotFound, folder.string() + ": has no file of an MVBench task");
  return items;
}

/** "A. A red kite." as "A red kite." */
std::string without_letter(const std::string& option) {
  const bool is_lettered = option.size() > 3 && option[0] >= 'A' && option[0] <= 'Z' && option.compare(1, 2, ". ") == 0;
  return is_lettered ? option.substr(3) : option;
}

Items videomme_items(const fs::path& file) {
  Items items;
  for (const io::JsonValue& video : io::JsonValue::load(file).elements()) {
    const std::string name = video.has("videoID") ? video.string("videoID") : video.string("video_id");
    for (const io::JsonValue& question : video.array("questions").elements()) {
      std::vector<std::string> options;
      for (const io::JsonValue& option : question.array("options").elements())
        options.push_back(without_letter(option.as_string()));
      if (options.empty() || options.size() > kMostOptions) throw question.at("options").error("are not 1 to 26");
      items.push_back({question.string("question_id"),
                       name,
                       std::nullopt,
                       {multiple_choice(question.string("question"), options)},
                       options});
    }
  }
  return items;
}

Items read_items(RunBenchmark benchmark, const fs::path& annotations) {
  switch (benchmark) {
    case RunBenchmark::kCharadesSta:
    case RunBenchmark::kActivityNetCaptions:
      return grounding_items(annotations);
    case RunBenchmark::kDenseCaptions:
      return caption_items(annotations);
    case RunBenchmark::kQvHighlights:
      return highlight_items(annotations);
    case RunBenchmark::kNextGqa:
      return nextgqa_items(annotations);
    case RunBenchmark::kMvbench:
      return mvbench_items(annotations);
    case RunBenchmark::kVideoMme:
      return videomme_items(annotations);
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no such benchmark");
}

/** The file that an item is of. */
fs::path file_of(RunBenchmark benchmark, const fs::path& annotations, const BenchmarkItem& item) {
  if (benchmark == RunBenchmark::kNextGqa) return annotations / "test.csv";
  if (benchmark == RunBenchmark::kMvbench) return annotations / (item.id.substr(0, item.id.rfind('#')) + ".json");
  return annotations;
}

/** Names become JSON, and a query a prompt: neither may be other bytes than text. */
void require_askable(RunBenchmark benchmark, const fs::path& annotations, const BenchmarkItem& item) {
  const auto fail = [&](const std::string& what) {
    const std::string file = file_of(benchmark, annotations, item).string();
    throw Error(ErrorCode::kMalformed, file + ": " + io::quote(item.id) + ": " + what);
  };
  const auto require_text = [&](const char* what, const std::string& text) {
    if (!g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr))
      fail(std::string(what) + " is not UTF-8: " + io::quote(text));
  };
  require_text("its name", item.id);
  require_text("its video", item.video);
  for (const std::string& option : item.options) require_text("an option", option);
  for (const Query& query : item.queries) {
    require_text("its query", query.text);
    if (query.task != Task::kDenseCaption && text::trimmed(query.text).empty()) fail("has no query: its text is empty");
  }
}

}  // namespace

std::vector<BenchmarkItem> read_benchmark_items(RunBenchmark benchmark, const fs::path& annotations) {
  Items items = read_items(benchmark, annotations);
  std::set<std::string> ids;
  for (const BenchmarkItem& item : items) {
    require_askable(benchmark, annotations, item);
    if (!ids.insert(item.id).second)
      throw Error(ErrorCode::kMalformed, annotations.string() + ": " + io::quote(item.id) + " is there twice");
  }
  if (items.empty()) throw Error(ErrorCode::kMalformed, annotations.string() + ": asks nothing");
  return items;
}

}  // namespace gvl::evaluation
