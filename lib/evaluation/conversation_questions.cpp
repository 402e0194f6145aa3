/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/conversation_questions.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "evaluation/choice.hpp"
#include "text/answer.hpp"
#include "training/batch.hpp"
#include "training/conversation_file.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

/** What stands in a user turn where the prompt has "{query}"; none where the turn is another prompt's. */
std::optional<std::string> query_in(std::string_view turn, const std::string& prompt) {
  const std::string mark = "{query}";
  const std::size_t at = prompt.find(mark);
  if (at == prompt.npos) return turn == prompt ? std::optional(std::string()) : std::nullopt;
  const std::string_view before = std::string_view(prompt).substr(0, at);
  const std::string_view behind = std::string_view(prompt).substr(at + mark.size());
  if (turn.size() <= before.size() + behind.size() || !turn.starts_with(before) || !turn.ends_with(behind))
    return std::nullopt;
  return std::string(turn.substr(before.size(), turn.size() - before.size() - behind.size()));
}

/** The intervals that an answer tells in seconds, "<1.5>"; to a millionth of the video. */
std::vector<text::ParsedInterval> intervals_in(const std::string& answer, double duration, bool captions) {
  constexpr std::int64_t kParts = 1'000'000;
  return text::parse_intervals(training::quantise_times(answer, duration, kParts), duration, kParts, captions);
}

Question grounding_question(std::string query, const std::string& answer, double duration) {
  Question question{{Task::kGrounding, std::move(query)}, "query"};
  for (const auto& interval : intervals_in(answer, duration, false))
    question.truths.push_back({interval.start_seconds, interval.stop_seconds});
  return question;
}

Question caption_question(const std::string& answer, double duration) {
  Question question{{Task::kDenseCaption, ""}, "dense-caption"};
  for (const auto& interval : intervals_in(answer, duration, true))
    question.captions.push_back({{interval.start_seconds, interval.stop_seconds}, interval.text});
  return question;
}

/** The lines "(A) ...", "(B) ..." of a question, without their letters. */
std::vector<std::string> options_in(const std::string& query) {
  std::vector<std::string> options;
  std::size_t at = 0;
  for (char letter = 'A'; letter <= 'Z'; ++letter) {
    const std::string mark = std::string("\n(") + letter + ") ";
    at = query.find(mark, at);
    if (at == query.npos) break;
    at += mark.size();
    options.push_back(query.substr(at, query.find('\n', at) - at));
  }
  return options;
}

std::optional<Question> choice_question(const std::string& query, const std::string& answer) {
  Question question{{Task::kQuestion, query}, "choice", {}, {}, options_in(query)};
  if (question.options.size() < 2) return std::nullopt;
  question.right = chosen_option(answer, question.options);
  return question.right ? std::optional(std::move(question)) : std::nullopt;
}

std::optional<Question> question_of(const training::TrainingText& text, const PromptConfig& prompts, double duration) {
  if (query_in(text.user_turn, prompts.dense_caption)) return caption_question(text.answer, duration);
  if (auto query = query_in(text.user_turn, prompts.grounding))
    return grounding_question(*std::move(query), text.answer, duration);
  if (const auto query = query_in(text.user_turn, prompts.question)) return choice_question(*query, text.answer);
  return std::nullopt;
}

}  // namespace

std::vector<TalkedVideo> read_talked_videos(const io::JsonValue& conversations) {
  // Those of a run's data, too, which say more than is needed here.
  conversations.allow_members({"files", "videos", "texts_per_video", "features"});
  const fs::path folder = fs::path(conversations.source()).parent_path();
  const fs::path videos_folder = folder / conversations.string_or("videos", "");
  std::map<fs::path, std::vector<training::TrainingText>> texts;
  for (const io::JsonValue& file : conversations.array("files").elements()) {
    for (auto& record : training::read_conversations(folder / file.as_string(), videos_folder)) {
      auto& of_video = texts[record.video_file];
      of_video.insert(of_video.end(), record.texts.begin(), record.texts.end());
    }
  }
  std::vector<TalkedVideo> videos;
  for (auto& [file, of_video] : texts) videos.push_back({file, std::move(of_video)});
  if (videos.empty()) throw conversations.error("hold no conversation");
  return videos;
}

std::vector<Question> questions_in(const std::vector<training::TrainingText>& texts, const PromptConfig& prompts,
                                   double duration) {
  std::vector<Question> questions;
  for (const training::TrainingText& text : texts) {
    if (auto question = question_of(text, prompts, duration)) questions.push_back(*std::move(question));
  }
  return questions;
}

}  // namespace gvl::evaluation
