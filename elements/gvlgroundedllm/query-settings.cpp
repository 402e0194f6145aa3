/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query-settings.hpp"

#include <gst/gst.h>

#include <algorithm>

#include "gvlgroundedllm.h"

namespace gvl::gst {

namespace {

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

}  // namespace

/**
 * GvlGroundedLlm:query:
 *
 * What is asked about each window. It may change while the stream plays, from the next window on.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:queries:
 *
 * More queries, which share one reading of the video with #GvlGroundedLlm:query.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:task:
 *
 * What kind of question the queries are.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:max-new-tokens:
 *
 * Where an answer ends at the latest. It bounds what a window costs.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:temperature:
 *
 * How freely tokens are drawn. 0 takes the most probable one each time, and an answer is the same each time.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:top-p:
 *
 * With a temperature: tokens are drawn from the fewest that have this probability together.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:seed:
 *
 * With a temperature: what tokens are drawn by. The same seed draws the same answer.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:max-moments:
 *
 * The most moments that one window has of a grounding query.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:min-confidence:
 *
 * Intervals that the model is less sure of become no events. `gvl-eval --calibrate` proposes one for videos of yours.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:source-id:
 *
 * The field `source` of events and answers.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:pad-events:
 *
 * What is sent on the pad `events`. The bus and the stream have all of it.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:explain:
 *
 * Whether element messages `gvl-verdict` say what became of what each window shows.
 *
 * Since: 0.2
 */

/**
 * GvlGroundedLlm:stats:
 *
 * Counts since the start, by what became of each window's best moment: a structure whose fields are named in its
 * description.
 *
 * Since: 0.2
 */

void install_query_properties(GObjectClass* klass, Locked<QuerySettings> (*settings_of)(GObject*)) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_PLAYING);
  table.text({"query", "Query", "What to ask about each window, in plain language (UTF-8)"}, &QuerySettings::query);
  table.texts(
      {"queries", "Queries",
       "More to ask about each window, after query; they share one reading of the video. gst-launch-1.0 takes them as "
       "queries='\"<\\\"first query\\\", \\\"second\\\">\"', or queries=\"<first,second>\" where each is one word"},
      &QuerySettings::queries);
  table.enumeration({"task", "Task", "What the queries ask for"}, &QuerySettings::task, GVL_TYPE_TASK);
  const auto option = [](auto member) {
    return [member](auto& settings) -> auto& { return settings.options.*member; };
  };
  table.number({"max-new-tokens", "Maximum new tokens", "Where an answer ends at the latest"},
               option(&GenerationOptions::max_new_tokens), Range<int>{1, G_MAXINT});
  table.number({"temperature", "Temperature",
                "0 takes the most probable token at each step; above, tokens are drawn, the more freely the higher"},
               option(&GenerationOptions::temperature), Range<double>{0, 100});
  table.number(
      {"top-p", "Top p", "Tokens are drawn from the fewest that have this probability together (with temperature)"},
      option(&GenerationOptions::top_p), Range<double>{0, 1});
  table.number({"seed", "Seed", "The same seed draws the same answer (with temperature)"},
               option(&GenerationOptions::seed), Range<guint64>{0, G_MAXUINT64});
  table.number(
      {"max-moments", "Maximum moments",
       "The most moments of a grounding query that one window has (1: the one that the answer words; 0: what the "
       "model's config.json says, which was measured)"},
      option(&GenerationOptions::max_moments), Range<int>{0, 100});
  table.number({"min-confidence", "Minimum confidence",
                "No event is emitted for an interval that the model is less sure of (0: all are; -1: what the model's "
                "config.json says, which was measured)"},
               &QuerySettings::min_confidence, Range<double>{-1, 1});
  table.text({"source-id", "Source's id",
              "What events call their source, a camera's name, say; empty: the name of gvlground, or of this element"},
             &QuerySettings::source_id);
  table.flag_set({"pad-events", "Pad events", "What is sent on the pad events, besides the bus and the stream"},
                 &QuerySettings::pad_events, GVL_TYPE_PAD_EVENTS);
  table.boolean({"explain", "Explain",
                 "Post what becomes of what each window says to each query, as element messages gvl-verdict"},
                &QuerySettings::explain);
}

std::vector<Query> queries_of(const QuerySettings& settings) {
  if (settings.task == Task::kDenseCaption) return {{settings.task, settings.query.value_or("")}};
  std::vector<Query> queries;
  const auto add = [&](const std::string& text) {
    const auto same = [&](const Query& query) { return query.text == text; };
    if (std::none_of(queries.begin(), queries.end(), same)) queries.push_back({settings.task, text});
  };
  if (settings.query) add(*settings.query);
  for (const auto& text : settings.queries) add(text);
  return queries;
}

std::string fault_of(const std::vector<Query>& queries) {
  if (queries.empty()) return "There is no query: set the property \"query\" or \"queries\".";
  for (const auto& query : queries) {
    if (!g_utf8_validate(query.text.data(), static_cast<gssize>(query.text.size()), nullptr))
      return "The query is not valid UTF-8.";
    if (query.task != Task::kDenseCaption && blank(query.text)) return "The query is empty.";
  }
  return {};
}

}  // namespace gvl::gst
