/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * gvl-event: one result, as a GstStructure. It is delivered as an element message on the bus, as a serialized
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
 * A new gvl-event, closed. `start` and `stop` are brought within the window, and into order; GST_CLOCK_TIME_NONE for
 * what has no times.
 */
GVL_API GstStructure* gvl_event_new(guint64 id, const gchar* task, const gchar* query, const gchar* text,
                                    GstClockTime start, GstClockTime stop, gdouble confidence,
                                    GstClockTime window_start, GstClockTime window_stop);

/* Makes it one whose state is `state`: without a stop, unless that is `closed`. */
GVL_API void gvl_event_set_state(GstStructure* event, const gchar* state);

/**
 * gvl-answer: what the model says about a window that is no event, as a GstStructure; delivered like a gvl-event.
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

/* A new gvl-answer. */
GVL_API GstStructure* gvl_answer_new(const gchar* task, const gchar* query, const gchar* text, gboolean found,
                                     gdouble confidence, GstClockTime window_start, GstClockTime window_stop);

/* The gvl-event, or gvl-answer, that an element message or a custom event carries (owned by it), or NULL for any other.
 */
GVL_API const GstStructure* gvl_event_parse_message(GstMessage* message);
GVL_API const GstStructure* gvl_event_parse_event(GstEvent* event);
GVL_API const GstStructure* gvl_answer_parse_message(GstMessage* message);
GVL_API const GstStructure* gvl_answer_parse_event(GstEvent* event);

/* The gvl-event as one line of JSON with the fields' names, without a line end. Free with g_free(). */
GVL_API gchar* gvl_event_to_json(const GstStructure* event);

/**
 * The gvl-event of one line of JSON as gvl_event_to_json() writes it; NULL and `error` (of G_IO_ERROR) for anything
 * else, and for a line longer than 1 MiB or nested deeper than 64 levels. What a line does not say has a default: a
 * confidence of 1, no words, a window that is the event itself. Free with gst_structure_free().
 */
GVL_API GstStructure* gvl_event_from_json(const gchar* line, GError** error);

/**
 * The gvl-events of a file with one on each line, in order, as elements of GstStructure*; NULL and `error`, which names
 * the file and the line. The file is read line by line; its events may need 64 times its size in memory, or 8 MiB.
 * Free with g_ptr_array_unref().
 */
GVL_API GPtrArray* gvl_events_load(const gchar* file, GError** error);

/**
 * What describes video after its last buffer has gone (an end of stream behind a gap, say) travels in a serialized
 * CUSTOM_DOWNSTREAM event with an empty buffer that has the metas.
 */
#define GVL_METADATA_EVENT_NAME "gvl-metadata"

/* A metadata event of `buffer` (transfer full). */
GVL_API GstEvent* gvl_metadata_event_new(GstBuffer* buffer);

/* The buffer of a metadata event (transfer full), or NULL for any other event. */
GVL_API GstBuffer* gvl_metadata_event_get_buffer(GstEvent* event);

G_END_DECLS
