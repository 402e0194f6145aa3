/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-annotate FORMAT ANNOTATIONS OUT: makes grounded questions of videos' captions by a language model, and multiple
 * choice of those; gvl-annotate --from-events EVENTS OUT: training data of events; gvl-annotate --stats FILE: what such
 * data has (docs/annotate.md). Exits 0 when it has, 1 on wrong usage, 2 when it could not, 130 when it was interrupted:
 * the same command with --resume then goes on.
 */
#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annotate/asking.hpp"
#include "annotate/output.hpp"
#include "annotate/settings.hpp"
#include "annotation/distractors.hpp"
#include "annotation/json_writer.hpp"
#include "annotation/records.hpp"
#include "annotation/statistics.hpp"
#include "annotation/templates.hpp"
#include "common/interrupt.hpp"
#include "common/signal-watch.hpp"
#include "common/usage.hpp"
#include "evaluation/running/video_folder.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"
#include "scenes/random.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl::annotation;
using gvl::evaluation::PredictionLog;
using gvl::evaluation::VideoFolder;

/** Where records say that a video is. */
class VideoFiles {
 public:
  explicit VideoFiles(const Settings& settings) : settings_(settings) {
    if (settings.videos) folder_.emplace(*settings.videos);
  }

  /** Throws gvl::Error(kNotFound) where there is a folder of videos and this one is not in it. */
  std::string file_of(const std::string& name) const {
    if (folder_) return folder_->find(name).lexically_relative(*settings_.videos).string();
    return gvl::evaluation::has_video_ending(name) ? name : name + settings_.ending;
  }

  /** Rejects videos that are not there. */
  void keep_those_there(Annotation& annotation) const {
    std::erase_if(annotation.videos, [&](const AnnotatedVideo& video) {
      try {
        file_of(video.name);
        return false;
      } catch (const gvl::Error& error) {
        annotation.rejected.push_back({video.name, error.what(), "there is no such video"});
        return true;
      }
    });
  }

 private:
  const Settings& settings_;
  std::optional<VideoFolder> folder_;
};

/** Some of the videos at random, in their order. */
void keep_at_random(std::vector<AnnotatedVideo>& videos, std::int64_t count, std::uint64_t seed) {
  if (count == 0 || static_cast<std::size_t>(count) >= videos.size()) return;
  std::vector<std::size_t> places(videos.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  gvl::scenes::Random(seed).shuffle(places);
  places.resize(static_cast<std::size_t>(count));
  std::sort(places.begin(), places.end());
  std::vector<AnnotatedVideo> kept;
  for (const std::size_t place : places) kept.push_back(std::move(videos[place]));
  videos = std::move(kept);
}

/** What answers depend on, so that only equal ones are put together: all that the model is asked at first. */
std::string settings_text(const std::vector<AnnotatedVideo>& videos, const Settings& settings) {
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  for (const AnnotatedVideo& video : videos) {
    const std::string request = video.name + "\n" + chat_request(video, settings.options, 0, std::nullopt) + "\n";
    g_checksum_update(sum, reinterpret_cast<const guchar*>(request.data()), static_cast<gssize>(request.size()));
  }
  JsonWriter json;
  json.object([&] {
    json.text("model", settings.options.model).text("requests", g_checksum_get_string(sum));
    json.integer("seed", static_cast<std::int64_t>(settings.options.seed));
  });
  return json.line() + "\n";
}

/** Questions and what their options are drawn by. */
struct Drawn {
  std::vector<AskedQuestion> questions;
  Embeddings asked, answered;
};

void add_questions(std::vector<AskedQuestion>& questions, std::size_t video, std::vector<GroundedQuestion> of_video) {
  for (std::size_t i = 0; i < of_video.size(); ++i) questions.push_back({video, i, std::move(of_video[i])});
}

Drawn draw_offline(const std::vector<AnnotatedVideo>& videos, const Settings& settings, Outcome& outcome) {
  Drawn drawn;
  const gvl::scenes::Random random(settings.options.seed);
  const auto most = static_cast<std::size_t>(settings.options.questions);
  for (std::size_t i = 0; i < videos.size(); ++i) {
    auto questions = template_questions(videos[i], most, random.fork(i).next());
    add_questions(drawn.questions, i, usable_questions(std::move(questions), videos[i], most, outcome.rejected));
  }
  for (const AskedQuestion& asked : drawn.questions) {
    drawn.asked.add(hashed_embedding(asked.question.question), asked.question.question);
    drawn.answered.add(hashed_embedding(asked.question.answer), asked.question.answer);
  }
  return drawn;
}

Asking asking_of(const Settings& settings, RequestBudget& budget, GCancellable* cancellable) {
  return {settings.chat,     settings.embeddings,  settings.options, settings.embedding_model,
          settings.attempts, settings.connections, &budget,          cancellable};
}

Drawn draw_by_models(const std::vector<AnnotatedVideo>& videos, const Settings& settings, RequestBudget& budget,
                     Outcome& outcome) {
  // Only while answers come, an interrupt has to wait until they are kept.
  const InterruptGuard guard;
  g_autoptr(GCancellable) cancellable = g_cancellable_new();
  const SignalWatch watch(cancellable);
  const Asking asking = asking_of(settings, budget, cancellable);
  PredictionLog answers(settings.out / "answers.jsonl", settings_text(videos, settings), settings.resumes);
  JsonWriter embedded_by;
  embedded_by.object([&] { embedded_by.text("embedding_model", settings.embedding_model); });
  PredictionLog vectors(settings.out / "embeddings.jsonl", embedded_by.line() + "\n", settings.resumes);
  Drawn drawn;
  auto results = ask_questions(videos, asking, answers);
  for (std::size_t i = 0; i < results.size(); ++i) {
    add_questions(drawn.questions, i, std::move(results[i].questions));
    outcome.rejected.insert(outcome.rejected.end(), results[i].rejected.begin(), results[i].rejected.end());
    outcome.prompt_tokens += results[i].prompt_tokens;
    outcome.completion_tokens += results[i].completion_tokens;
  }
  std::vector<std::string> questions, right;
  for (const AskedQuestion& asked : drawn.questions) {
    questions.push_back(asked.question.question);
    right.push_back(asked.question.answer);
  }
  std::vector<std::string> all = questions;
  all.insert(all.end(), right.begin(), right.end());
  EmbeddedTexts embedded = embed(all, asking, vectors);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    drawn.asked.add(embedded.vectors[i], questions[i]);
    drawn.answered.add(embedded.vectors[questions.size() + i], right[i]);
  }
  outcome.embedding_tokens = embedded.prompt_tokens;
  if (is_interrupted()) throw Interrupted();
  return drawn;
}

RecordOptions record_options(const Settings& settings) {
  return {settings.dataset, settings.options.seed, settings.for_release};
}

/** Tells of what this run has cost, and of what another one may still get. */
void tell_of_requests(const Outcome& outcome, const RequestBudget& budget) {
  const auto left = std::count_if(outcome.rejected.begin(), outcome.rejected.end(),
                                  [](const Rejection& rejection) { return rejection.reason == kNotAnswered; });
  std::printf("%lld requests in this run; %lld tokens of prompts, %lld of answers, %lld of embeddings in all\n",
              static_cast<long long>(budget.made()), static_cast<long long>(outcome.prompt_tokens),
              static_cast<long long>(outcome.completion_tokens), static_cast<long long>(outcome.embedding_tokens));
  if (left > 0) std::printf("--resume asks again about %lld videos\n", static_cast<long long>(left));
}

void make_questions(const Settings& settings) {
  require_others_in(settings.out, settings.file);
  Annotation annotation = read_annotation(settings.format, settings.file);
  const VideoFiles files(settings);
  files.keep_those_there(annotation);
  keep_at_random(annotation.videos, settings.count, settings.options.seed);
  make_folder(settings.out);
  RequestBudget budget(settings.max_requests);
  Outcome outcome;
  outcome.videos = annotation.videos.size();
  outcome.rejected = std::move(annotation.rejected);
  const Drawn drawn = settings.offline ? draw_offline(annotation.videos, settings, outcome)
                                       : draw_by_models(annotation.videos, settings, budget, outcome);
  outcome.questions = drawn.questions.size();
  std::vector<std::string> answers;
  for (const AskedQuestion& asked : drawn.questions) answers.push_back(compared(asked.question.answer));
  DistractorOptions options;
  options.seed = settings.options.seed;
  outcome.records = records_of(
      annotation.videos, drawn.questions, draw_distractors(drawn.asked, drawn.answered, answers, options),
      record_options(settings), [&](const std::string& name) { return files.file_of(name); }, outcome.rejected);
  write_outcome(settings.out, outcome);
  if (!settings.offline) tell_of_requests(outcome, budget);
}

void make_labels(const Settings& settings) {
  require_others_in(settings.out, settings.file);
  EventLabels labels = read_event_labels(settings.file, settings.labels);
  const VideoFiles files(settings);
  Outcome outcome;
  for (Annotation* part : {&labels.queries, &labels.captions}) {
    files.keep_those_there(*part);
    outcome.rejected.insert(outcome.rejected.end(), part->rejected.begin(), part->rejected.end());
  }
  outcome.records =
      records_of(labels, record_options(settings), [&](const std::string& name) { return files.file_of(name); });
  outcome.videos = outcome.records.size();
  for (const auto& record : outcome.records) outcome.questions += record.texts.size();
  make_folder(settings.out);
  write_outcome(settings.out, outcome);
}

void tell_statistics(const Settings& settings) {
  require_others(settings.file, {settings.out});
  const Statistics statistics = statistics_of(gvl::training::read_conversations(settings.file, ""));
  std::fputs(statistics.to_text().c_str(), stdout);
  if (!settings.out.empty()) gvl::io::write_atomically(settings.out, statistics.to_json());
}

void finish_standard_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw gvl::Error(gvl::ErrorCode::kResource, "standard output: cannot be written");
}

void run(const Settings& settings) {
  switch (settings.work) {
    case Work::kQuestions:
      return make_questions(settings);
    case Work::kLabels:
      return make_labels(settings);
    case Work::kStatistics:
      return tell_statistics(settings);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_settings(argc, argv));
    finish_standard_output();
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(
        stderr,
        "gvl-annotate: %s\nusage: gvl-annotate [OPTION...] FORMAT ANNOTATIONS OUT | --from-events EVENTS OUT | "
        "--stats FILE (--help says more)\n",
        error.what());
    return 1;
  } catch (const Interrupted&) {
    std::fprintf(stderr, "gvl-annotate: interrupted; the same command with --resume goes on from here\n");
    return 130;
  } catch (const BudgetSpent& error) {
    std::fprintf(stderr, "gvl-annotate: %s; the same command with --resume goes on from here\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gvl-annotate: %s\n", error.what());
    return 2;
  }
}
