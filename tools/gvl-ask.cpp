/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-ask --index DIR [OPTION...] QUERY...: answers questions about what gvl-index kept of videos, without the videos
 * (docs/archive.md). Exits 0 when all was answered and written, 1 on wrong usage, 2 when the index, the model or an
 * output cannot be used.
 */
#include <gst/gst.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "archive/asking.hpp"
#include "archive/catalogue.hpp"
#include "archive/fingerprint.hpp"
#include "ask/answers.hpp"
#include "ask/arguments.hpp"
#include "ground/complain.hpp"
#include "ground/names.hpp"
#include "ground/outputs.hpp"
#include "ground/standard-output.hpp"
#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "gvlevent.h"

namespace {

constexpr int kAnswered = 0;
constexpr int kUsage = 1;
constexpr int kUnusable = 2;

// So many windows' answers are decoded together.
constexpr int kWindowsAtATime = 8;

std::string json_of(const Told& told) {
  g_autofree char* line = gvl_event_to_json(told.said.get());
  return line;
}

/** How far it is, on a terminal. */
class Progress {
 public:
  ~Progress() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }
  void show(const std::string& stream, std::uint64_t done, std::uint64_t total) {
    const auto percent = static_cast<int>(100 * done / std::max<std::uint64_t>(total, 1));
    if (!terminal_ || percent == percent_) return;
    percent_ = percent;
    shown_ = true;
    std::fprintf(stderr, "\r\033[K%s: %d %%", fitted(on_one_line(stream), 60).c_str(), percent);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO);
  bool shown_ = false;
  int percent_ = -1;
};

class Run {
 public:
  explicit Run(const AskArguments& arguments)
      : arguments_(arguments), report_("--report", arguments.report, arguments.force, inputs_) {}

  int run() {
    const std::string fault = report_.wanted() ? report_.check() : "";
    if (!fault.empty()) return complain(fault), kUnusable;
    try {
      if (arguments_.lists) return list();
      return tell(arguments_.search ? search() : ask());
    } catch (const std::exception& failure) {
      complain(failure.what());
      return kUnusable;
    }
  }

 private:
  std::size_t most() const {
    return arguments_.top ? static_cast<std::size_t>(*arguments_.top) : std::numeric_limits<std::int32_t>::max();
  }

  gvl::archive::Catalogue catalogue() const {
    return gvl::archive::Catalogue(arguments_.index, gvl::archive::Catalogue::Mode::kRead);
  }

  int list() const {
    bool good = true;
    for (const auto& day : catalogue().days()) {
      const std::string line = on_one_line(day.stream) + "  " + on_one_line(day.day) + "  " +
                               std::to_string(day.segments) + " segments  " + std::to_string(day.bytes) + " bytes";
      if (const std::string fault = print_line(line); good && !fault.empty()) good = complain(fault);
    }
    return good ? kAnswered : kUnusable;
  }

  std::vector<Told> search() const {
    const auto& stretch = arguments_.stretch;
    if (!stretch.is_all() && !stretch.utc)
      throw gvl::Error(gvl::ErrorCode::kInvalidArgument,
                       "--search looks for UTC: --from and --to are times of a stream");
    gvl::archive::Catalogue::Search search{*arguments_.search, arguments_.stream, stretch.from, stretch.to, most()};
    return told(catalogue().find(search));
  }

  std::vector<gvl::Query> queries() const {
    const auto task = *gvl::task_from_name(arguments_.task);
    if (task == gvl::Task::kDenseCaption) return {{task, ""}};
    std::vector<gvl::Query> queries;
    for (const std::string& text : arguments_.queries) queries.push_back({task, text});
    return queries;
  }

  void tell_unknown_words(const gvl::Model& model, const std::vector<gvl::Query>& queries) const {
    for (const auto& query : queries) {
      std::string words;
      for (const auto& word : model.unknown_words(query)) words += (words.empty() ? "" : " ") + word;
      if (!words.empty())
        complain("\"" + shown_query(query.text) + "\": the model does not know these words: " + shown_query(words));
    }
  }

  std::vector<Told> ask() {
    const gvl::archive::IndexReader index(arguments_.index);
    gvl::ModelOptions options;
    if (!arguments_.device.empty()) options.device = arguments_.device;
    options.answer.max_batch = kWindowsAtATime;
    const auto model = gvl::Model::load(gvl::model_folder(arguments_.model), options);
    gvl::archive::Question question;
    question.queries = queries();
    question.stretch = arguments_.stretch;
    question.stream = arguments_.stream;
    question.min_confidence = arguments_.min_confidence;
    tell_unknown_words(*model, question.queries);
    Progress progress;
    const auto found = gvl::archive::ask(index, *model, gvl::archive::fingerprint_of(*model), question,
                                         [&](const std::string& stream, std::uint64_t done, std::uint64_t total) {
                                           progress.show(stream, done, total);
                                         });
    if (found.windows == 0) complain("the index has nothing of that time");
    return ranked(found, most());
  }

  int tell(const std::vector<Told>& all) {
    std::string fault;
    for (const Told& each : all) {
      if (fault.empty()) fault = print_line(arguments_.json ? json_of(each) : line_of(each));
    }
    if (fault.empty() && all.empty() && !arguments_.json) fault = print_line("nothing was found");
    bool good = fault.empty() || complain(fault);
    if (!report_.wanted()) return good ? kAnswered : kUnusable;
    fault = report_.write(report_of(all));
    good = (fault.empty() || complain(fault)) && good;
    return good ? kAnswered : kUnusable;
  }

  const AskArguments& arguments_;
  InputFiles inputs_;
  OutputFile report_;
};

}  // namespace

int main(int argc, char** argv) {
  guard_standard_output(kUnusable);
  std::setlocale(LC_CTYPE, "");
  AskArguments arguments;
  std::string fault;
  if (!read_ask_arguments(argc, argv, arguments, fault)) {
    complain(fault);
    std::fprintf(stderr, "try gvl-ask --help\n");
    return kUsage;
  }
  return Run(arguments).run();
}
