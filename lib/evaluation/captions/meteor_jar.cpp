/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/meteor_jar.hpp"

#include <gio/gio.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/unicode.hpp"
#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

/** A sentence within a line of the protocol. */
std::string within_line(std::string_view sentence) {
  std::string text = encoded(replaced(decoded(sentence), U"|||", U""));
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

class MeteorJar : public MeteorCounter {
 public:
  explicit MeteorJar(const fs::path& jar) : jar_(jar) {
    if (!fs::is_regular_file(jar)) throw Error(ErrorCode::kNotFound, jar.string() + ": is no file");
    std::signal(SIGPIPE, SIG_IGN);
    g_autoptr(GError) error = nullptr;
    const auto flags = static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    process_ = g_subprocess_new(flags, &error, "java", "-Xmx2G", "-jar", jar.c_str(), "-", "-", "-stdio", "-l", "en",
                                "-norm", nullptr);
    if (!process_) {
      throw Error(ErrorCode::kNotFound, "java: cannot be run, which " + jar.string() +
                                            " needs (Debian has it in default-jre-headless): " + error->message);
    }
    answers_ = g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_));
  }
  ~MeteorJar() override {
    g_object_unref(answers_);
    g_subprocess_force_exit(process_);
    g_subprocess_wait(process_, nullptr, nullptr);
    g_object_unref(process_);
  }
  MeteorJar(const MeteorJar&) = delete;
  MeteorJar& operator=(const MeteorJar&) = delete;

  MeteorStatistics count(std::string_view hypothesis, std::string_view reference) override {
    return statistics_of(ask("SCORE ||| " + within_line(reference) + " ||| " + within_line(hypothesis) + "\n"));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kResource, jar_.string() + ": " + what);
  }

  std::string ask(const std::string& line) {
    g_autoptr(GError) error = nullptr;
    GOutputStream* questions = g_subprocess_get_stdin_pipe(process_);
    if (!g_output_stream_write_all(questions, line.data(), line.size(), nullptr, nullptr, &error)) {
      fail(std::string("takes no more sentences: ") + error->message);
    }
    g_autofree char* answer = g_data_input_stream_read_line(answers_, nullptr, nullptr, &error);
    if (!answer) fail(error ? error->message : "has ended");
    return answer;
  }

  /** In the order of MeteorStats.toString(). */
  MeteorStatistics statistics_of(const std::string& line) const {
    constexpr double kMost = 1e6;
    std::vector<double> numbers;
    const char* rest = line.c_str();
    for (char* end = nullptr; *rest; rest = end) {
      const double number = g_ascii_strtod(rest, &end);
      if (end == rest || !(number >= 0 && number <= kMost)) fail("answers " + io::quote(line));
      numbers.push_back(number);
      while (*end == ' ') ++end;
    }
    if (numbers.size() != 7 + 4 * kMeteorModules) fail("answers " + io::quote(line));
    MeteorStatistics statistics;
    auto &ours = statistics.hypothesis, &theirs = statistics.reference;
    ours.words = numbers[0];
    theirs.words = numbers[1];
    ours.function_words = numbers[2];
    theirs.function_words = numbers[3];
    for (std::size_t i = 0; i < kMeteorModules; ++i) {
      ours.content_matches[i] = numbers[4 + 4 * i];
      theirs.content_matches[i] = numbers[5 + 4 * i];
      ours.function_matches[i] = numbers[6 + 4 * i];
      theirs.function_matches[i] = numbers[7 + 4 * i];
    }
    statistics.chunks = numbers[4 + 4 * kMeteorModules];
    return statistics;
  }

  fs::path jar_;
  GSubprocess* process_ = nullptr;
  GDataInputStream* answers_ = nullptr;
};

}  // namespace

std::unique_ptr<MeteorCounter> run_meteor(const fs::path& jar) { return std::make_unique<MeteorJar>(jar); }

}  // namespace gvl::evaluation
