/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window-asker.hpp"

#include <algorithm>
#include <utility>

#include "gvltensormeta.hpp"
#include "gvltime.hpp"
#include "overload-message.hpp"
#include "timeline/window_assembler.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

namespace gvl::gst {

namespace {

std::vector<double> boundaries_of(const GvlWindowMeta* window) {
  std::vector<timeline::WindowSegment> segments;
  for (guint i = 0; i < window->num_segments; ++i)
    segments.push_back({to_time(window->segments[i].start), to_time(window->segments[i].stop)});
  return timeline::boundaries_of(segments);
}

using timeline::Time;

// Whether no later window shows more of a part of the video: the next one begins where this one is settled.
bool shows_most(const timeline::MergedWindow& window, const TimeRange& range) {
  if (!window.settled) return true;
  const auto start = timeline::from_seconds(range.start), stop = timeline::from_seconds(range.stop);
  const auto shown = std::min(window.stop, stop) - std::max(window.start, start);
  const auto later = std::min(stop - std::max(start, *window.settled), window.stop - window.start);
  return shown > Time() && shown >= later;
}

double min_confidence_of(const QuerySettings& settings, const ModelConfig& config) {
  return settings.min_confidence < 0 ? config.min_confidence : settings.min_confidence;
}

}  // namespace

WindowAsker::WindowAsker(GstElement* element, ModelStream& stream, const EventOrigin& origin,
                         std::function<QuerySettings()> settings)
    : element_(element),
      stream_(stream),
      origin_(origin),
      settings_(std::move(settings)),
      answers_(std::make_shared<AnswerQueue>(element, stream, origin, next_id_, stats_)) {}

void WindowAsker::start() {
  flush();
  windows_ = 0;
  stats_.reset();
  std::lock_guard lock(mutex_);
  posted_.clear();
}

void WindowAsker::flush() {
  auto answers = std::make_shared<AnswerQueue>(element_, stream_, origin_, next_id_, stats_);
  {
    std::lock_guard lock(mutex_);
    answers_.swap(answers);
    latest_.reset();
    asked_ranges_.clear();
  }
  answers->close();
}

std::shared_ptr<AnswerQueue> WindowAsker::answers() const {
  std::lock_guard lock(mutex_);
  return answers_;
}

std::vector<Query> WindowAsker::require_queries(const QuerySettings& settings) const {
  auto queries = queries_of(settings);
  const auto fault = fault_of(queries);
  if (fault.empty()) return queries;
  GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", fault.c_str()),
                    ("%" G_GSIZE_FORMAT " queries are set", queries.size()));
  stream_.fail();
  return {};
}

// A query about a part of the video is asked once, of the window that shows the most of it.
bool WindowAsker::is_asked_of(const AskedWindow& window, const Query& query) {
  const auto range = range_of(query);
  if (!range) return true;
  std::lock_guard lock(mutex_);
  if (window.session != ranges_session_) asked_ranges_.clear();
  ranges_session_ = window.session;
  return shows_most(window, *range) && asked_ranges_.insert(query.text).second;
}

AskedWindow WindowAsker::about(const GvlWindowMeta* window, const GstSegment& segment, const QuerySettings& settings,
                               const ModelConfig& config) const {
  AskedWindow about;
  about.index = windows_;
  about.start = to_time(window->start);
  about.stop = to_time(window->stop);
  about.settled = to_optional_time(window->settled);
  about.resolution = (about.stop - about.start) / config.temporal_tokens;
  about.edge = timeline::edge_of(about.start, about.stop, config.segments);
  about.session = window->session;
  about.min_confidence = min_confidence_of(settings, config);
  about.believed = std::max(about.min_confidence, config.min_confidence);
  about.alerts = stream_.segments()->alert_hop > 0;
  about.provisional = window->provisional;
  about.stream = origin_.stream();
  about.segment = segment;
  // What goes on now, or is asked later, does not hold up the stream.
  if (!about.provisional) about.in_flight = stream_.in_flight();
  return about;
}

bool WindowAsker::ask(GstBuffer* buffer, const GvlWindowMeta* window, const GstSegment& segment) {
  auto tokens = stream_.input(buffer, GVL_TENSOR_VIDEO_TOKENS, window->index);
  if (!tokens.valid()) return false;
  const QuerySettings settings = settings_();
  auto queries = require_queries(settings);
  const auto model = queries.empty() ? nullptr : stream_.model();
  if (!model) return false;
  post_unknown_words(*model, queries);
  if (window->provisional && answers()->awaits_provisional()) return true;
  if (!window->provisional) windows_++;
  const double start = static_cast<double>(window->start) / GST_SECOND;
  const double seconds = static_cast<double>(window->stop - window->start) / GST_SECOND;
  LatestWindow asked{{std::move(tokens), seconds, start, boundaries_of(window)},
                     about(window, segment, settings, model->config())};
  const bool provisional = window->provisional;
  std::erase_if(queries, [&](const Query& query) {
    return provisional ? is_for_words(query.task) : !is_asked_of(asked.about, query);
  });
  submit(*model, asked, queries, settings);
  GST_DEBUG_OBJECT(element_, "asked %" G_GSIZE_FORMAT " queries about window %" G_GUINT64_FORMAT "%s", queries.size(),
                   window->index, provisional ? ", provisionally" : "");
  if (provisional) return true;
  asked.about.in_flight.reset();
  asked.about.alone = true;
  std::lock_guard lock(mutex_);
  latest_ = std::move(asked);
  return true;
}

void WindowAsker::ask_rest() {
  const QuerySettings settings = settings_();
  std::optional<LatestWindow> latest;
  auto queries = queries_of(settings);
  {
    std::lock_guard lock(mutex_);
    latest = latest_;
    const auto is_asked = [&](const Query& query) {
      const auto range = range_of(query);
      return !range || timeline::from_seconds(range->stop) <= latest->about.start || asked_ranges_.contains(query.text);
    };
    if (latest && fault_of(queries).empty()) std::erase_if(queries, is_asked);
  }
  const auto model = latest && fault_of(queries).empty() ? stream_.model_if_loaded() : nullptr;
  if (model) submit(*model, *latest, queries, settings);
}

void WindowAsker::tell_overload(GstEvent* event, const GstSegment& segment) {
  if (auto* message = overload_message_new(element_, event, origin_, segment, queries_of(settings_())))
    stream_.post(message);
}

/** Why a task of this nick cannot be asked, or what else is wrong with the query. */
static std::string fault_of_question(const std::optional<Task>& task, const std::string& nick,
                                     const std::vector<Query>& queries) {
  if (task) return fault_of(queries);
  std::string known;
  for (const TaskName& name : task_names()) known += (known.empty() ? "" : ", ") + std::string(name.name);
  return "\"" + nick + "\" is no task; there are " + known;
}

guint64 WindowAsker::ask_about_latest(const std::string& text, const std::string& nick) {
  const QuerySettings settings = settings_();
  const std::optional<Task> task = nick.empty() ? settings.task : task_from_name(nick);
  const std::vector<Query> queries{{task.value_or(Task::kGrounding), text}};
  const auto fault = fault_of_question(task, nick, queries);
  std::optional<LatestWindow> latest;
  {
    std::lock_guard lock(mutex_);
    latest = latest_;
  }
  if (!fault.empty() || !latest) {
    GST_WARNING_OBJECT(element_, "cannot ask: %s", fault.empty() ? "no window is complete" : fault.c_str());
    return 0;
  }
  const auto model = stream_.model_if_loaded();
  if (!model) return 0;
  latest->about.ask_id = ++ask_id_;
  latest->about.min_confidence = min_confidence_of(settings, model->config());
  post_unknown_words(*model, queries);
  submit(*model, *latest, queries, settings);
  return latest->about.ask_id;
}

void WindowAsker::submit(Model& model, const LatestWindow& window, const std::vector<Query>& queries,
                         const QuerySettings& settings) {
  if (queries.empty()) return;
  answers()->add(window.about, model.answer(window.video, queries, settings.options, stream_.cancellation()),
                 settings.explain);
}

// Says once per query and start which of its words the model never saw: what it answers about them is a guess.
void WindowAsker::post_unknown_words(const Model& model, const std::vector<Query>& queries) {
  for (const auto& query : queries) {
    if (query.task == Task::kDenseCaption) continue;
    {
      std::lock_guard lock(mutex_);
      if (!posted_.insert(query.text).second) continue;
    }
    std::string words;
    for (const auto& word : model.unknown_words(query)) words += (words.empty() ? "" : " ") + word;
    if (words.empty()) continue;
    stream_.post(gst_message_new_element(
        GST_OBJECT(element_), gst_structure_new("gvl-unknown-words", "query", G_TYPE_STRING, query.text.c_str(),
                                                "words", G_TYPE_STRING, words.c_str(), nullptr)));
  }
}

}  // namespace gvl::gst
