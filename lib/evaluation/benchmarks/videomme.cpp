/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/videomme.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "evaluation/benchmarks/option_parsing.hpp"
#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kDurations{"short", "medium", "long"};
constexpr std::int64_t kVideosOfDuration = 300;

constexpr std::array<std::string_view, 6> kDomains{
    "Knowledge", "Film & Television", "Sports Competition", "Artistic Performance", "Life Record", "Multilingual"};

constexpr std::array<std::string_view, 30> kSubCategories{"Humanity & History",
                                                          "Literature & Art",
                                                          "Biology & Medicine",
                                                          "Finance & Commerce",
                                                          "Astronomy",
                                                          "Geography",
                                                          "Law",
                                                          "Life Tip",
                                                          "Technology",
                                                          "Animation",
                                                          "Movie & TV Show",
                                                          "Documentary",
                                                          "News Report",
                                                          "Esports",
                                                          "Basketball",
                                                          "Football",
                                                          "Athletics",
                                                          "Other Sports",
                                                          "Stage Play",
                                                          "Magic Show",
                                                          "Variety Show",
                                                          "Acrobatics",
                                                          "Handicraft",
                                                          "Food",
                                                          "Fashion",
                                                          "Daily Life",
                                                          "Travel",
                                                          "Pet & Animal",
                                                          "Exercise",
                                                          "Multilingual"};

constexpr std::array<std::string_view, 12> kTaskTypes{
    "Temporal Perception", "Spatial Perception", "Attribute Perception", "Action Recognition",
    "Object Recognition",  "OCR Problems",       "Counting Problem",     "Temporal Reasoning",
    "Spatial Reasoning",   "Action Reasoning",   "Object Reasoning",     "Information Synopsis"};

/** What the questions of some videos come to. */
struct Tallies {
  std::array<OptionTally, kDomains.size()> domains;
  std::array<OptionTally, kSubCategories.size()> sub_categories;
  std::array<OptionTally, kTaskTypes.size()> task_types;
  OptionTally overall;

  void add(std::size_t domain, std::size_t sub_category, std::size_t task_type, bool is_right) {
    domains[domain].add(is_right);
    sub_categories[sub_category].add(is_right);
    task_types[task_type].add(is_right);
    overall.add(is_right);
  }
};

/** What has been read so far. */
struct Reading {
  VideoMmeRules rules = VideoMmeRules::kOfficial;
  std::array<Tallies, kDurations.size()> durations{};
  Tallies all;
  std::array<std::int64_t, kDurations.size()> videos{};
  std::set<std::string> video_ids;
  std::set<std::string> question_ids;
  std::int64_t missing_videos = 0;
  std::int64_t unread_answers = 0;
};

std::size_t index_among(Names names, const io::JsonValue& record, const std::string& member) {
  const std::string name = record.string(member);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw record.at(member).error(io::quote(name) + " is none of Video-MME's");
  return static_cast<std::size_t>(found - names.begin());
}

void check_new(std::set<std::string>& known, const io::JsonValue& record, const std::string& member) {
  const std::string id = record.string(member);
  if (!known.insert(id).second) throw record.at(member).error(io::quote(id) + " is there a second time");
}

std::size_t right_option(const io::JsonValue& question) {
  const std::string answer = question.string("answer");
  if (answer.size() == 1 && answer[0] >= 'A' && answer[0] <= 'D') return static_cast<std::size_t>(answer[0] - 'A');
  throw question.at("answer").error(io::quote(answer) + " is none of A, B, C and D");
}

void read_question(const io::JsonValue& question, std::size_t duration, std::size_t domain, std::size_t sub_category,
                   Reading& reading) {
  check_new(reading.question_ids, question, "question_id");
  const std::size_t task_type = index_among(kTaskTypes, question, "task_type");
  const std::size_t right = right_option(question);
  const bool is_lmms = reading.rules == VideoMmeRules::kLmms;
  const OptionSet taken =
      taken_options(question.string("response"), is_lmms ? OptionRule::kLmmsVideoMme : OptionRule::kVideoMme);
  reading.unread_answers += taken.none();
  if (taken.none() && !is_lmms) return;
  reading.durations[duration].add(domain, sub_category, task_type, taken[right]);
  reading.all.add(domain, sub_category, task_type, taken[right]);
}

void read_video(const io::JsonValue& video, Reading& reading) {
  check_new(reading.video_ids, video, "video_id");
  const std::size_t duration = index_among(kDurations, video, "duration");
  ++reading.videos[duration];
  if (reading.rules == VideoMmeRules::kOfficial && video.boolean("missing")) {
    ++reading.missing_videos;
    return;
  }
  const std::size_t domain = index_among(kDomains, video, "domain");
  const std::size_t sub_category = index_among(kSubCategories, video, "sub_category");
  for (const io::JsonValue& question : video.array("questions").elements()) {
    read_question(question, duration, domain, sub_category, reading);
  }
}

void check_complete(const io::JsonValue& list, const Reading& reading) {
  for (std::size_t i = 0; i < kDurations.size(); ++i) {
    if (reading.videos[i] == kVideosOfDuration) continue;
    throw list.error("has " + std::to_string(reading.videos[i]) + " videos of the duration \"" +
                     std::string(kDurations[i]) + "\", not " + std::to_string(kVideosOfDuration));
  }
}

void add_scores(std::vector<Score>& scores, const std::string& prefix, Names names,
                std::span<const OptionTally> tallies) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    scores.push_back({prefix + std::string(names[i]), tallies[i].percent()});
  }
}

void add_scores(std::vector<Score>& scores, std::string_view whose, const Tallies& tallies) {
  const std::string prefix = std::string(whose) + ", ";
  scores.push_back({prefix + "overall", tallies.overall.percent()});
  add_scores(scores, prefix + "domain: ", kDomains, tallies.domains);
  add_scores(scores, prefix + "sub-category: ", kSubCategories, tallies.sub_categories);
  add_scores(scores, prefix + "task: ", kTaskTypes, tallies.task_types);
}

std::vector<std::string> notes_of(const Reading& reading) {
  std::vector<std::string> notes;
  if (reading.missing_videos > 0) {
    notes.push_back(std::to_string(reading.missing_videos) + " videos are marked as missing and left out.");
  }
  if (reading.unread_answers > 0) {
    notes.push_back(std::to_string(reading.unread_answers) + " responses name no option and are " +
                    (reading.rules == VideoMmeRules::kLmms ? "wrong." : "not counted."));
  }
  return notes;
}

}  // namespace

ScoreReport score_videomme(const std::filesystem::path& filled_template, VideoMmeRules rules) {
  return score_videomme(io::JsonValue::load(filled_template), rules);
}

ScoreReport score_videomme(const io::JsonValue& list, VideoMmeRules rules) {
  Reading reading;
  reading.rules = rules;
  for (const io::JsonValue& video : list.elements()) read_video(video, reading);
  if (rules == VideoMmeRules::kOfficialComplete) check_complete(list, reading);
  if (reading.video_ids.empty()) throw list.error("holds no video");
  ScoreReport report{"videomme", name_of(kVideoMmeRules, rules), reading.all.overall.counted, {}, notes_of(reading)};
  add_scores(report.scores, "all", reading.all);
  for (std::size_t i = 0; i < kDurations.size(); ++i) add_scores(report.scores, kDurations[i], reading.durations[i]);
  return report;
}

}  // namespace gvl::evaluation
