/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/asking.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "annotation/json_writer.hpp"
#include "common/in-threads.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace {

using namespace gvl::annotation;
using gvl::evaluation::PredictionLog;
using gvl::io::JsonValue;

/** Answers that were given, of this run and of those before it. Any thread may call it. */
class Journal {
 public:
  explicit Journal(PredictionLog& log) : log_(log) {}

  std::optional<JsonValue> find(const std::string& id) {
    std::lock_guard lock(mutex_);
    const auto found = log_.lines().find(id);
    if (found == log_.lines().end()) return std::nullopt;
    return JsonValue::parse(found->second, log_.file().string(), {.bytes = gvl::kLongestJsonLine});
  }

  void add(const std::string& id, const std::string& line) {
    std::lock_guard lock(mutex_);
    log_.add(id, line);
  }

 private:
  std::mutex mutex_;
  PredictionLog& log_;
};

std::int64_t tokens_in(const JsonValue& line, const char* name) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  return line.at(name).as_integer(0, kMost);
}

std::string line_of(const std::string& id, const ChatAnswer& answer) {
  JsonWriter json;
  json.object([&] {
    json.text("id", id).text("content", answer.content).text("fault", answer.fault);
    json.integer("prompt_tokens", answer.prompt_tokens).integer("completion_tokens", answer.completion_tokens);
  });
  return json.line();
}

/** Requests that were not answered, with none that was between them. */
class Refusals {
 public:
  /** Throws the error when no other video would fare better: it is about the server, or one of several in a row. */
  void note(const HttpError& error) {
    constexpr int kMostInARow = 5;
    // A video may have too many captions for the model, and some servers fail over that.
    const int status = error.status();
    const bool may_be_the_video = error.passing() || status == 400 || status == 413 || status == 422;
    if (!may_be_the_video || ++in_a_row_ >= kMostInARow) throw error;
  }
  void note_answer() { in_a_row_ = 0; }

 private:
  std::atomic<int> in_a_row_{0};
};

/** "12 of 500 videos" on a terminal, in a line that is over when this goes. Any thread may call it. */
class ProgressLine {
 public:
  ProgressLine(std::size_t total, const char* what) : total_(total), what_(what) {}
  ~ProgressLine() {
    if (is_shown_) std::fputc('\n', stderr);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void add_one() {
    std::lock_guard lock(mutex_);
    ++done_;
    if (!on_terminal_) return;
    std::fprintf(stderr, "\r\033[K%zu of %zu %s", done_, total_, what_);
    is_shown_ = true;
  }

 private:
  std::mutex mutex_;
  const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
  const std::size_t total_;
  const char* const what_;
  std::size_t done_ = 0;
  bool is_shown_ = false;
};

/** Works through places 0, 1, ... `count` - 1 by several threads, until the budget is spent. */
void for_each_place(std::size_t count, const char* what, const Asking& asking, const EndpointOptions& endpoint,
                    const std::function<void(Endpoint&, std::size_t place)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> spent{false};
  ProgressLine progress(count, what);
  const auto threads = std::min<std::size_t>(static_cast<std::size_t>(asking.connections), count);
  in_threads(static_cast<int>(threads), asking.cancellable, [&](GCancellable* stop) {
    Endpoint server(endpoint, *asking.budget, stop);
    try {
      for (std::size_t place; !spent && (place = next++) < count;) {
        if (g_cancellable_is_cancelled(stop)) throw Interrupted();
        work(server, place);
        progress.add_one();
      }
    } catch (const BudgetSpent&) {
      // What others wait for has been paid for.
      spent = true;
    }
  });
  if (spent) throw BudgetSpent();
}

/** Questions about one video after the other. */
class Questioner {
 public:
  Questioner(const Asking& asking, PredictionLog& log) : asking_(asking), journal_(log) {}

  VideoQuestions ask(Endpoint& server, const AnnotatedVideo& video) {
    VideoQuestions result;
    std::optional<FailedAnswer> before;
    for (int attempt = 0; attempt < asking_.attempts; ++attempt) {
      std::optional<ChatAnswer> answer;
      try {
        answer = answer_of(server, video, attempt, before);
      } catch (const HttpError& error) {
        refusals_.note(error);
        result.rejected.push_back({video.name, error.what(), kNotAnswered});
        return result;
      }
      result.prompt_tokens += answer->prompt_tokens;
      result.completion_tokens += answer->completion_tokens;
      before = take(*answer, video, result);
      if (!before) return result;
    }
    result.rejected.push_back({video.name, before->fault, "the answer is not what was asked for"});
    return result;
  }

 private:
  ChatAnswer answer_of(Endpoint& server, const AnnotatedVideo& video, int attempt,
                       const std::optional<FailedAnswer>& before) {
    constexpr std::size_t kLongest = std::size_t{4} << 20;
    constexpr const char* kPath = "/chat/completions";
    const std::string id = video.name + "#" + std::to_string(attempt);
    if (const auto kept = journal_.find(id)) {
      return {kept->string("content"), kept->string("fault"), tokens_in(*kept, "prompt_tokens"),
              tokens_in(*kept, "completion_tokens")};
    }
    const std::string request = chat_request(video, asking_.options, attempt, before);
    ChatAnswer answer;
    const std::string address = without_secrets(url_under(asking_.chat.address, kPath));
    server.post(kPath, request, kLongest, [&](const std::string& body) { answer = read_chat_answer(body, address); });
    std::string line = line_of(id, answer);
    if (line.size() >= gvl::kLongestJsonLine) {
      answer.content.clear();
      answer.fault = "the answer is too long";
      line = line_of(id, answer);
    }
    journal_.add(id, line);
    refusals_.note_answer();
    return answer;
  }

  /** Takes what an answer has, or says why it cannot be used. */
  std::optional<FailedAnswer> take(const ChatAnswer& answer, const AnnotatedVideo& video, VideoQuestions& result) {
    if (!answer.fault.empty()) return FailedAnswer{answer.content, answer.fault};
    try {
      result.questions = usable_questions(read_questions(answer.content), video,
                                          static_cast<std::size_t>(asking_.options.questions), result.rejected);
      return std::nullopt;
    } catch (const gvl::Error& error) {
      return FailedAnswer{answer.content, error.what()};
    }
  }

  const Asking& asking_;
  Journal journal_;
  Refusals refusals_;
};

std::string line_of(const std::string& text, std::span<const float> vector, std::int64_t tokens) {
  g_autofree char* coded =
      g_base64_encode(reinterpret_cast<const guchar*>(vector.data()), vector.size() * sizeof(float));
  JsonWriter json;
  json.object([&] { json.text("id", text).text("vector", coded).integer("prompt_tokens", tokens); });
  return json.line();
}

std::vector<float> vector_in(const JsonValue& line) {
  gsize size = 0;
  g_autofree guchar* bytes = g_base64_decode(line.string("vector").c_str(), &size);
  if (size == 0 || size % sizeof(float) != 0) throw line.at("vector").error("is no vector");
  std::vector<float> vector(size / sizeof(float));
  std::copy_n(bytes, size, reinterpret_cast<guchar*>(vector.data()));
  constexpr double kRounding = 1e-3;
  const double squares = std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0);
  if (!(std::abs(squares - 1) < kRounding)) throw line.at("vector").error("is no vector of length 1");
  return vector;
}

/** How many numbers the vectors of a journal have: as many each, or they cannot be compared. Any thread may call it. */
class VectorWidth {
 public:
  explicit VectorWidth(const PredictionLog& log) : file_(log.file().string()) {
    if (!log.lines().empty()) width_ = vector_in(JsonValue::parse(log.lines().begin()->second, file_)).size();
  }

  /** Throws gvl::Error for an answer of another width: by another model behind the same name. */
  void require(const EmbeddingAnswer& answer, const std::string& address) {
    std::lock_guard lock(mutex_);
    const std::size_t width = width_ ? width_ : answer.vectors.front().size();
    for (const auto& vector : answer.vectors) {
      if (vector.size() == width) continue;
      throw gvl::Error(gvl::ErrorCode::kMalformed, address + ": a vector has " + std::to_string(vector.size()) +
                                                       " dimensions, others have " + std::to_string(width) +
                                                       "; without " + file_ + " --resume asks for all of them anew");
    }
    width_ = width;
  }

  /** A vector of the journal. Throws gvl::Error naming the text of one that has another width. */
  std::vector<float> checked(const JsonValue& line) const {
    std::vector<float> vector = vector_in(line);
    if (vector.size() == width_) return vector;
    throw line.at("vector").error("of " + gvl::io::quote(line.string("id")) + " has " + std::to_string(vector.size()) +
                                  " dimensions, others have " + std::to_string(width_) +
                                  "; without its line --resume asks for it anew");
  }

 private:
  std::mutex mutex_;
  const std::string file_;
  std::size_t width_ = 0;
};

/** The texts that the journal lacks, in parts that are asked for together. */
std::vector<std::vector<std::string>> batches_of(const std::vector<std::string>& texts, const PredictionLog& log) {
  constexpr std::size_t kMost = 32;
  std::vector<std::string> missing;
  for (const std::string& text : texts) {
    if (!log.has(text)) missing.push_back(text);
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::vector<std::vector<std::string>> batches;
  for (std::size_t i = 0; i < missing.size(); i += kMost) {
    const auto from = missing.begin() + static_cast<std::ptrdiff_t>(i);
    batches.emplace_back(from, from + static_cast<std::ptrdiff_t>(std::min(kMost, missing.size() - i)));
  }
  return batches;
}

}  // namespace

std::vector<VideoQuestions> ask_questions(const std::vector<AnnotatedVideo>& videos, const Asking& asking,
                                          PredictionLog& log) {
  std::vector<VideoQuestions> results(videos.size());
  Questioner questioner(asking, log);
  for_each_place(videos.size(), "videos", asking, asking.chat,
                 [&](Endpoint& server, std::size_t place) { results[place] = questioner.ask(server, videos[place]); });
  return results;
}

EmbeddedTexts embed(const std::vector<std::string>& texts, const Asking& asking, PredictionLog& log) {
  constexpr std::size_t kLongest = std::size_t{64} << 20;
  constexpr const char* kPath = "/embeddings";
  const auto batches = batches_of(texts, log);
  const std::string address = without_secrets(url_under(asking.embeddings.address, kPath));
  Journal journal(log);
  VectorWidth width(log);
  for_each_place(
      batches.size(), "batches of texts", asking, asking.embeddings, [&](Endpoint& server, std::size_t place) {
        const auto& batch = batches[place];
        EmbeddingAnswer answer;
        server.post(kPath, embedding_request(batch, asking.embedding_model), kLongest, [&](const std::string& body) {
          answer = read_embeddings(body, address, batch.size());
          width.require(answer, address);
        });
        // Tokens are counted by request: the first text has them.
        for (std::size_t i = 0; i < batch.size(); ++i)
          journal.add(batch[i], line_of(batch[i], answer.vectors[i], i == 0 ? answer.prompt_tokens : 0));
      });
  EmbeddedTexts embedded;
  for (const std::string& text : texts) embedded.vectors.add(width.checked(*journal.find(text)), text);
  for (const auto& [text, line] : log.lines())
    embedded.prompt_tokens += tokens_in(JsonValue::parse(line, log.file().string()), "prompt_tokens");
  return embedded;
}
