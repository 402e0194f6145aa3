/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window-asker.hpp"

#include <utility>

#include "gvltensormeta.hpp"
#include "gvltime.hpp"
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

double min_confidence_of(const QuerySettings& settings, const ModelConfig& config) {
  return settings.min_confidence < 0 ? config.min_confidence : settings.min_confidence;
}

}  // namespace

WindowAsker::WindowAsker(GstElement* element, ModelStream& stream, std::function<QuerySettings()> settings)
    : element_(element),
      stream_(stream),
      settings_(std::move(settings)),
      answers_(std::make_shared<AnswerQueue>(element, stream, next_id_)) {}

void WindowAsker::start() {
  flush();
  windows_ = 0;
  std::lock_guard lock(mutex_);
  posted_.clear();
}

void WindowAsker::flush() {
  auto answers = std::make_shared<AnswerQueue>(element_, stream_, next_id_);
  {
    std::lock_guard lock(mutex_);
    answers_.swap(answers);
    latest_.reset();
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

bool WindowAsker::ask(GstBuffer* buffer, const GvlWindowMeta* window, const GstSegment& segment) {
  auto tokens = stream_.input(buffer, GVL_TENSOR_VIDEO_TOKENS, window->index);
  if (!tokens.valid()) return false;
  const QuerySettings settings = settings_();
  const auto queries = require_queries(settings);
  const auto model = queries.empty() ? nullptr : stream_.model();
  if (!model) return false;
  post_unknown_words(*model, queries);
  windows_++;
  const double seconds = static_cast<double>(window->stop - window->start) / GST_SECOND;
  LatestWindow asked{{std::move(tokens), seconds, boundaries_of(window)},
                     {{{.index = window->index,
                        .start = to_time(window->start),
                        .stop = to_time(window->stop),
                        .settled = to_optional_time(window->settled),
                        .resolution = to_time(window->stop - window->start) / model->config().temporal_tokens},
                       window->session,
                       false,
                       min_confidence_of(settings, model->config())},
                      segment,
                      stream_.in_flight()}};
  submit(*model, asked, queries, settings);
  asked.about.in_flight.reset();  // what is asked later does not hold up the stream
  asked.about.alone = true;
  GST_DEBUG_OBJECT(element_, "asked %" G_GSIZE_FORMAT " queries about window %" G_GUINT64_FORMAT, queries.size(),
                   window->index);
  std::lock_guard lock(mutex_);
  latest_ = std::move(asked);
  return true;
}

bool WindowAsker::ask_about_latest(const std::string& text, Task task) {
  const std::vector<Query> queries{{task, text}};
  const auto fault = fault_of(queries);
  std::optional<LatestWindow> latest;
  {
    std::lock_guard lock(mutex_);
    latest = latest_;
  }
  if (!fault.empty() || !latest) {
    GST_WARNING_OBJECT(element_, "cannot ask: %s", fault.empty() ? "no window is complete" : fault.c_str());
    return false;
  }
  const auto model = stream_.model_if_loaded();
  if (!model) return false;
  const QuerySettings settings = settings_();
  latest->about.min_confidence = min_confidence_of(settings, model->config());
  post_unknown_words(*model, queries);
  submit(*model, *latest, queries, settings);
  return true;
}

void WindowAsker::submit(Model& model, const LatestWindow& window, const std::vector<Query>& queries,
                         const QuerySettings& settings) {
  answers()->add(window.about, model.answer(window.video, queries, settings.options, stream_.cancellation()));
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
    for (const auto& word : model.unknown_words(query.text)) words += (words.empty() ? "" : " ") + word;
    if (words.empty()) continue;
    stream_.post(gst_message_new_element(
        GST_OBJECT(element_), gst_structure_new("gvl-unknown-words", "query", G_TYPE_STRING, query.text.c_str(),
                                                "words", G_TYPE_STRING, words.c_str(), nullptr)));
  }
}

}  // namespace gvl::gst
