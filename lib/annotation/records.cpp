/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/records.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "scenes/forms.hpp"

namespace gvl::annotation {
namespace {

using training::ConversationRecord;
using training::TrainingText;

TimeRange range_of(const evaluation::Interval& time) { return {time.start, time.stop}; }

TrainingText text_of(const scenes::Conversation& talk, const RecordOptions& options) {
  TrainingText text{talk.question, talk.answer};
  const std::string token = " <timestamp_grounding>";
  const std::size_t at = text.user_turn.find(token);
  if (options.for_release && at != text.user_turn.npos) text.user_turn.erase(at, token.size());
  return text;
}

scenes::Conversation choice_of(const std::vector<AskedQuestion>& questions, std::size_t place,
                               const std::vector<std::size_t>& distractors, std::uint64_t seed) {
  scenes::Quiz quiz;
  quiz.question = questions[place].question.question;
  quiz.options.push_back({.text = questions[place].question.answer});
  for (const std::size_t other : distractors) quiz.options.push_back({.text = questions[other].question.answer});
  // Not the numbers that the distractors were drawn by.
  scenes::Random random = scenes::Random(seed).fork(place).fork(1);
  return scenes::choice_form(std::move(quiz), random);
}

ConversationRecord record_for(const std::string& id, const std::string& video, const RecordOptions& options,
                              const VideoFileOf& file_of) {
  return {id, video, file_of(video), options.dataset, {}};
}

/** Without what would be read as a time. */
std::string plain(std::string caption) {
  std::erase_if(caption, [](char c) { return c == '<' || c == '>'; });
  return caption;
}

std::vector<TrainingText> grounding_texts(const AnnotatedVideo& video, const RecordOptions& options) {
  std::vector<std::string> captions;  // in the order in which they come first
  std::map<std::string, std::vector<TimeRange>> moments;
  for (const Moment& moment : video.moments) {
    const std::string caption = plain(moment.caption);
    if (!moments.contains(caption)) captions.push_back(caption);
    moments[caption].push_back(range_of(moment.time));
  }
  std::vector<TrainingText> texts;
  for (const std::string& caption : captions)
    texts.push_back(text_of(scenes::grounding_form(caption, "label", moments[caption]), options));
  return texts;
}

TrainingText dense_text(const AnnotatedVideo& video, const RecordOptions& options) {
  std::vector<scenes::Report> reports;
  for (const Moment& moment : video.moments) {
    std::string caption = plain(moment.caption);
    while (caption.ends_with('.')) caption.pop_back();
    reports.emplace_back(range_of(moment.time), caption);
  }
  return text_of(scenes::dense_caption_form(reports), options);
}

}  // namespace

std::vector<ConversationRecord> records_of(const std::vector<AnnotatedVideo>& videos,
                                           const std::vector<AskedQuestion>& questions,
                                           const std::vector<std::vector<std::size_t>>& distractors,
                                           const RecordOptions& options, const VideoFileOf& file_of,
                                           std::vector<Rejection>& rejected) {
  std::vector<ConversationRecord> records;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& [video, number, question] = questions[i];
    const std::string& name = videos[video].name;
    if (distractors[i].empty()) {
      rejected.push_back({name, question.question, "there are too few wrong options"});
      continue;
    }
    ConversationRecord record = record_for(name + "#" + std::to_string(number), name, options, file_of);
    record.texts.push_back(text_of(choice_of(questions, i, distractors[i], options.seed), options));
    record.texts.push_back(
        text_of(scenes::grounding_form(question.question, "question", {range_of(question.time)}), options));
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<ConversationRecord> records_of(const EventLabels& labels, const RecordOptions& options,
                                           const VideoFileOf& file_of) {
  std::vector<ConversationRecord> records;
  std::map<std::string, std::size_t> places;
  for (const AnnotatedVideo& video : labels.queries.videos) {
    places[video.name] = records.size();
    records.push_back(record_for(video.name, video.name, options, file_of));
    records.back().texts = grounding_texts(video, options);
  }
  for (const AnnotatedVideo& video : labels.captions.videos) {
    const auto [place, is_new] = places.emplace(video.name, records.size());
    if (is_new) records.push_back(record_for(video.name, video.name, options, file_of));
    records[place->second].texts.push_back(dense_text(video, options));
  }
  return records;
}

}  // namespace gvl::annotation
