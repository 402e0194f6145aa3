/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GVL_EVENT_NAME:
 *
 * gvl-event is one result, as a GstStructure. It is delivered as an element message on the bus, as a serialized
 * CUSTOM_DOWNSTREAM event, and as a buffer on gvlgroundedllm's `events` pad.
 *
 * | field        | type    |                                                                            |
 * |--------------|---------|----------------------------------------------------------------------------|
 * | id           | guint64 | one per event of an element, increasing as they are first told of           |
 * | task         | string  | grounding, dense-caption                                                   |
 * | query        | string  | as asked; empty for dense-caption                                          |
 * | text         | string  | the answer in words, with stream time in seconds                           |
 * | state        | string  | open, update, closed, withdrawn: where the event is in its life             |
 * | start, stop  | guint64 | stream time in ns, within the window; stop only once it is closed           |
 * | confidence   | double  | 0-1                                                                        |
 * | window-start | guint64 | stream time in ns of what the answer is about                              |
 * | window-stop  | guint64 |                                                                            |
 *
 * gvlgroundedllm adds, to a gvl-answer as well, which camera and what time (strings): source, stream-id, and, where UTC
 * is known, utc-start, utc-stop (ISO 8601) and utc-source.
 */
#define GVL_EVENT_NAME "gvl-event"

/**
 * gvl_event_new:
 * @id: one per event
 * @task: grounding, or dense-caption
 * @query: as asked
 * @text: the answer in words
 * @start: stream time in ns; %GST_CLOCK_TIME_NONE for what has no times
 * @stop: the same of its end
 * @confidence: 0 to 1
 * @window_start: stream time in ns of what the answer is about
 * @window_stop: the same of its end
 *
 * A new gvl-event, closed. @start and @stop are brought within the window, and into order.
 *
 * Returns: (transfer full): the event
 */
GVL_API GstStructure* gvl_event_new(guint64 id, const gchar* task, const gchar* query, const gchar* text,
                                    GstClockTime start, GstClockTime stop, gdouble confidence,
                                    GstClockTime window_start, GstClockTime window_stop);

/**
 * gvl_event_set_state:
 * @event: a gvl-event
 * @state: open, update, closed or withdrawn
 *
 * Makes it one of that state: without a stop, unless that is closed.
 */
GVL_API void gvl_event_set_state(GstStructure* event, const gchar* state);

/**
 * GVL_ANSWER_NAME:
 *
 * gvl-answer is what the model says about a window that is no event, as a GstStructure; delivered like a gvl-event.
 *
 * | field        | type     |                                                                                |
 * |--------------|----------|--------------------------------------------------------------------------------|
 * | task, query  | string   | as asked                                                                       |
 * | text         | string   | the answer in words, with stream time in seconds                               |
 * | found        | gboolean | TRUE: the words were asked for (referring, qa); FALSE: the query is not found  |
 * | confidence   | double   | 0-1: of the words, or that there is nothing to be found                        |
 * | window-start | guint64  | stream time in ns of what the answer is about                                  |
 * | window-stop  | guint64  |                                                                                |
 */
#define GVL_ANSWER_NAME "gvl-answer"

/**
 * gvl_answer_new:
 * @task: as asked
 * @query: as asked
 * @text: the answer in words
 * @found: %TRUE where words were asked for, %FALSE where the query is not found
 * @confidence: 0 to 1
 * @window_start: stream time in ns of what the answer is about
 * @window_stop: the same of its end
 *
 * Returns: (transfer full): a new gvl-answer
 */
GVL_API GstStructure* gvl_answer_new(const gchar* task, const gchar* query, const gchar* text, gboolean found,
                                     gdouble confidence, GstClockTime window_start, GstClockTime window_stop);

/**
 * gvl_event_parse_message:
 * @message: any message
 *
 * Returns: (transfer none) (nullable): the gvl-event that it carries, which is the message's; %NULL for any other
 */
GVL_API const GstStructure* gvl_event_parse_message(GstMessage* message);

/**
 * gvl_event_parse_event:
 * @event: any event of a stream
 *
 * Returns: (transfer none) (nullable): the gvl-event that it carries, which is the event's; %NULL for any other
 */
GVL_API const GstStructure* gvl_event_parse_event(GstEvent* event);

/**
 * gvl_answer_parse_message:
 * @message: any message
 *
 * Returns: (transfer none) (nullable): the gvl-answer that it carries, which is the message's; %NULL for any other
 */
GVL_API const GstStructure* gvl_answer_parse_message(GstMessage* message);

/**
 * gvl_answer_parse_event:
 * @event: any event of a stream
 *
 * Returns: (transfer none) (nullable): the gvl-answer that it carries, which is the event's; %NULL for any other
 */
GVL_API const GstStructure* gvl_answer_parse_event(GstEvent* event);

/**
 * gvl_event_to_json:
 * @event: a gvl-event
 *
 * Returns: (transfer full): one line of JSON with the names of the fields, without its end; free with g_free()
 */
GVL_API gchar* gvl_event_to_json(const GstStructure* event);

/**
 * gvl_event_from_json:
 * @line: a line of JSON as gvl_event_to_json() writes it, of at most 1 MiB and 64 levels
 * @error: of #GIOErrorEnum: what is wrong with anything else
 *
 * What a line does not say has a default: a confidence of 1, no words, a window that is the event itself.
 *
 * Returns: (transfer full): the gvl-event; %NULL with @error set. Free with gst_structure_free()
 */
GVL_API GstStructure* gvl_event_from_json(const gchar* line, GError** error);

/**
 * gvl_events_load:
 * @file: (type filename): a file with one event on each line
 * @error: names the file and the line at fault
 *
 * The file is read line by line; its events may need 64 times its size in memory, or 8 MiB.
 *
 * Returns: (transfer container) (element-type Gst.Structure): the gvl-events in order; %NULL with @error set. Free with
 *   g_ptr_array_unref(), which frees its elements
 */
GVL_API GPtrArray* gvl_events_load(const gchar* file, GError** error);

/**
 * GVL_METADATA_EVENT_NAME:
 *
 * What describes video after its last buffer has gone (an end of stream behind a gap, say) travels in a serialized
 * CUSTOM_DOWNSTREAM event with an empty buffer that has the metas.
 */
#define GVL_METADATA_EVENT_NAME "gvl-metadata"

/**
 * gvl_metadata_event_new:
 * @buffer: (transfer full): an empty buffer with metas
 *
 * Returns: (transfer full): a metadata event of it
 */
GVL_API GstEvent* gvl_metadata_event_new(GstBuffer* buffer);

/**
 * gvl_metadata_event_get_buffer:
 * @event: any event of a stream
 *
 * Returns: (transfer full) (nullable): the buffer of a metadata event; %NULL for any other
 */
GVL_API GstBuffer* gvl_metadata_event_get_buffer(GstEvent* event);

G_END_DECLS
