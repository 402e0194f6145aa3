/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-scenes [--config FILE] [--seed N] [--videos N] OUT_DIR: writes generated videos (NNNNNN.avi, motion JPEG), the
 * conversations about them (conversations.json, the form that gvl-train reads) and every event (events.jsonl).
 * gvl-scenes --tokenizer FILE [--vocabulary N]: trains a tokenizer on the words that such conversations use.
 * gvl-scenes --words FILE [CONVERSATIONS.json...]: writes the words that such conversations use, and those of files in
 * the form that gvl-train reads: the words.txt of a model that is trained on them.
 * gvl-scenes --watched [--seed N] [--videos N]: prints conversations about what things do in front of a camera, without
 * videos, and how many of which kind there are. With --tokenizer or --words, --watched adds what these say.
 * Exits 0 when everything is written, 1 on wrong usage, 2 when it cannot be.
 */
#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

#include "common/version.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"
#include "scenes/conversation.hpp"
#include "scenes/phrases.hpp"
#include "scenes/places.hpp"
#include "scenes/render.hpp"
#include "scenes/watch/compose_watch.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_conversation.hpp"
#include "text/words.hpp"
#include "training/bpe_trainer.hpp"
#include "training/conversation_file.hpp"
#include "training/scene_source.hpp"

namespace {

using namespace gvl;
namespace fs = std::filesystem;

constexpr const char* kForms =
    "  gvl-scenes [--config FILE] [--seed N] [--videos N] OUT_DIR\n"
    "  gvl-scenes --tokenizer FILE [--vocabulary N] [--watched]\n"
    "  gvl-scenes --words FILE [--watched] [CONVERSATIONS.json...]\n"
    "  gvl-scenes --watched [--seed N] [--videos N]\n";

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-scenes: %s\nusage: gvl-scenes [OPTION...] [OUT_DIR] (--help says more)\n", reason);
  return 1;
}

// Of the corpus: what a tokenizer needs, and enough for all but the rarest words.
constexpr std::size_t kTexts = 60000, kTextsOfWords = 600000;

/** What is said about generated videos, and about watched scenes where a model is trained on them too. */
std::vector<std::string> sample_texts(bool watched, std::size_t count) {
  std::vector<std::string> texts = scenes::corpus(1, count);
  if (!watched) return texts;
  for (std::string& text : scenes::watched_corpus(1, count)) texts.push_back(std::move(text));
  return texts;
}

int write_tokenizer(const std::string& file, std::size_t vocabulary, bool watched) {
  const std::vector<std::string> texts = sample_texts(watched, kTexts);
  io::write_atomically(file, training::train_byte_level_bpe(texts, vocabulary, {"<|video|>", "<|answer|>", "<|end|>"}));
  return 0;
}

/** The words of generated conversations and of files of them. */
int write_words(const std::string& file, const std::vector<fs::path>& conversations, bool watched) {
  text::WordList words;
  for (const std::string& text : sample_texts(watched, kTextsOfWords)) words.add_words_of(text);
  for (const std::string& text : scenes::all_places()) words.add_words_of(text);
  if (watched) {
    for (const std::string& text : scenes::all_nouns()) words.add_words_of(text);
  }
  for (const fs::path& from : conversations) {
    for (const training::ConversationRecord& record : training::read_conversations(from, {})) {
      for (const training::TrainingText& text : record.texts) {
        words.add_words_of(text.user_turn);
        words.add_words_of(text.answer);
      }
    }
  }
  io::write_atomically(file, words.to_text());
  return 0;
}

/** Writes videos into a folder, and gathers what is to be said about them. */
class SceneWriter {
 public:
  SceneWriter(fs::path folder, const training::SceneSourceOptions& options)
      : folder_(std::move(folder)),
        options_(options),
        assets_(std::make_shared<const scenes::Assets>(options.assets)),
        events_(open_events()) {}

  void write(std::int64_t index) {
    const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(index);
    const training::CurriculumStage& stage = options_.stage_of(index);
    const scenes::Renderer renderer(assets_, scenes::compose(*assets_, seed, stage.compose));
    char name[32];
    std::snprintf(name, sizeof name, "%06lld", static_cast<long long>(index));
    write_video(renderer, std::string(name) + ".avi");
    write_events(renderer.scene(), std::string(name) + ".avi");
    training::ConversationRecord record{name, name, std::string(name) + ".avi", "gvl-scenes", {}};
    for (const scenes::Conversation& about : scenes::converse(renderer.scene(), seed, stage.conversations)) {
      record.texts.push_back({about.question, about.answer});
    }
    if (!record.texts.empty()) records_.push_back(std::move(record));
  }

  void finish() {
    events_.close();
    if (!events_) throw Error(ErrorCode::kResource, (folder_ / "events.jsonl").string() + ": cannot be written");
    training::write_conversations(folder_ / "conversations.json", records_);
  }

 private:
  std::ofstream open_events() const {
    std::error_code error;
    fs::create_directories(folder_, error);
    std::ofstream stream(folder_ / "events.jsonl", std::ios::binary);
    if (error || !stream) throw Error(ErrorCode::kResource, folder_.string() + ": cannot be written to");
    return stream;
  }

  void write_video(const scenes::Renderer& renderer, const std::string& name) const {
    const fs::path file = folder_ / name;
    const scenes::Scene& scene = renderer.scene();
    cv::VideoWriter video(file.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), scene.fps,
                          cv::Size(scene.width, scene.height));
    if (!video.isOpened()) throw Error(ErrorCode::kResource, file.string() + ": cannot be written");
    constexpr double kQuality = 95;
    video.set(cv::VIDEOWRITER_PROP_QUALITY, kQuality);
    cv::Mat rgb, bgr;
    for (std::int64_t frame = 0; frame < renderer.frames(); ++frame) {
      renderer.render((static_cast<double>(frame) + 0.5) / scene.fps, rgb);
      cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
      video.write(bgr);
    }
  }

  void write_events(const scenes::Scene& scene, const std::string& video) {
    for (const scenes::Event& event : scene.events) {
      events_ << "{\"video\": \"" << video << "\", \"kind\": \"" << scenes::name_of(event.kind)
              << "\", \"start\": " << event.start << ", \"stop\": " << event.stop
              << ", \"duration\": " << scene.duration << "}\n";
    }
  }

  fs::path folder_;
  training::SceneSourceOptions options_;
  std::shared_ptr<const scenes::Assets> assets_;
  std::ofstream events_;
  std::vector<training::ConversationRecord> records_;
};

int write_scenes(const fs::path& folder, const training::SceneSourceOptions& options) {
  SceneWriter writer(folder, options);
  for (std::int64_t i = 0; i < options.videos; ++i) {
    writer.write(i);
    if (isatty(STDERR_FILENO)) {
      std::fprintf(stderr, "\r%lld of %lld videos%s", static_cast<long long>(i + 1),
                   static_cast<long long>(options.videos), i + 1 == options.videos ? "\n" : "");
    }
  }
  writer.finish();
  return 0;
}

/** Of conversations, by their kinds. */
class WatchedStatistics {
 public:
  void add(const scenes::Conversation& about) {
    Count& count = counts_[about.kind];
    ++count.conversations;
    count.moments += about.moments.size();
    if (about.task != Task::kGrounding) return;
    ++grounding_;
    if (about.moments.empty()) ++absent_;
  }

  void print() const {
    std::printf("%-16s %13s %20s\n", "kind", "conversations", "moments in each");
    for (const auto& [kind, count] : counts_) {
      std::printf("%-16s %13zu %20.2f\n", kind.c_str(), count.conversations,
                  static_cast<double>(count.moments) / static_cast<double>(count.conversations));
    }
    if (grounding_ > 0) {
      std::printf("of %zu grounding queries %.1f %% ask for what does not happen\n", grounding_,
                  100 * static_cast<double>(absent_) / static_cast<double>(grounding_));
    }
  }

 private:
  struct Count {
    std::size_t conversations = 0, moments = 0;
  };
  std::map<std::string, Count> counts_;
  std::size_t grounding_ = 0, absent_ = 0;
};

int print_watched(std::uint64_t seed, std::int64_t videos) {
  scenes::ConversationOptions options;
  options.absent = options.grounding;
  WatchedStatistics statistics;
  for (std::int64_t i = 0; i < videos; ++i, ++seed) {
    const scenes::WatchedScene scene = scenes::compose_watch(seed, {});
    std::printf("%llu: %.2f seconds, %zu things\n", static_cast<unsigned long long>(seed), scene.duration,
                scene.tracks.size());
    for (const scenes::Conversation& about : scenes::converse(scene, seed, options)) {
      std::printf("[%s] %s\n  %s\n", about.kind.c_str(), about.query.c_str(), about.answer.c_str());
      statistics.add(about);
    }
  }
  statistics.print();
  return 0;
}

training::SceneSourceOptions read_options(const char* config) {
  if (config != nullptr) {
    const io::JsonValue root = io::JsonValue::load(config);
    return training::SceneSourceOptions::read(root.find("data").value_or(root).object("scenes"));
  }
  training::SceneSourceOptions options;
  options.assets = scenes::AssetOptions::installed();
  return options;
}

/** What is asked for. */
struct Arguments {
  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    for (char* text : {config, tokenizer, words}) g_free(text);
  }

  char* config = nullptr;
  char* tokenizer = nullptr;
  char* words = nullptr;
  gboolean watched = FALSE;
  gint64 seed = -1;
  gint64 videos = 0;
  gint vocabulary = 2700;
};

/** What is wrong with it, or null. */
const char* fault_of(const Arguments& wanted, int argc) {
  const bool texts = wanted.tokenizer != nullptr || wanted.words != nullptr;
  if (wanted.tokenizer != nullptr && wanted.words != nullptr) return "a tokenizer or words, not both";
  if (wanted.watched && wanted.config != nullptr) return "--watched takes no --config";
  if (wanted.watched && !texts && argc != 1) return "--watched writes nothing and needs no folder";
  if (!wanted.watched && !texts && argc != 2) return "one folder is needed";
  if (wanted.tokenizer != nullptr && argc != 1) return "a tokenizer needs no folder";
  if (wanted.seed < -1 || wanted.videos < 0 || wanted.vocabulary < 0) return "numbers must not be negative";
  return nullptr;
}

int run(const Arguments& wanted, const std::vector<fs::path>& paths) {
  constexpr std::int64_t kVideos = 10;
  if (wanted.words != nullptr) return write_words(wanted.words, paths, wanted.watched);
  if (wanted.tokenizer != nullptr) {
    return write_tokenizer(wanted.tokenizer, static_cast<std::size_t>(wanted.vocabulary), wanted.watched);
  }
  if (wanted.watched) {
    return print_watched(static_cast<std::uint64_t>(std::max<gint64>(wanted.seed, 0)),
                         wanted.videos > 0 ? wanted.videos : kVideos);
  }
  training::SceneSourceOptions options = read_options(wanted.config);
  if (wanted.seed >= 0) options.seed = static_cast<std::uint64_t>(wanted.seed);
  if (wanted.videos > 0) options.videos = wanted.videos;
  if (options.videos == 0) options.videos = kVideos;
  return write_scenes(paths.at(0), options);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments wanted;
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &wanted.config, "Take `scenes` of this file (docs/training.md)", "FILE"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &wanted.seed, "Of the first video; the next has the next", "N"},
      {"videos", 0, 0, G_OPTION_ARG_INT64, &wanted.videos, "How many; default: the file's, or 10", "N"},
      {"tokenizer", 0, 0, G_OPTION_ARG_FILENAME, &wanted.tokenizer, "Train a tokenizer instead and write it here",
       "FILE"},
      {"words", 0, 0, G_OPTION_ARG_FILENAME, &wanted.words,
       "Write the words of conversations instead, those of files too", "FILE"},
      {"watched", 0, 0, G_OPTION_ARG_NONE, &wanted.watched,
       "Print conversations about watched scenes instead; with the two above, take theirs too", nullptr},
      {"vocabulary", 0, 0, G_OPTION_ARG_INT, &wanted.vocabulary, "Tokens of the tokenizer; default: 2700", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("[OUT_DIR]");
  g_option_context_set_summary(context, "Generates videos whose every event is known, with questions about them.");
  g_option_context_set_description(context, kForms);
  g_option_context_add_main_entries(context, entries, nullptr);
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (const char* fault = fault_of(wanted, argc)) return usage(fault);
  try {
    return run(wanted, {argv + 1, argv + argc});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-scenes: %s\n", failure.what());
    return 2;
  }
}
