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
 * | id           | guint64 | increasing, one per event of an element                                    |
 * | task         | string  | grounding, dense-caption, referring, qa                                    |
 * | query        | string  | as asked; empty for dense-caption                                          |
 * | text         | string  | the answer in words, times in seconds from the window's start              |
 * | start, stop  | guint64 | stream time in ns, within the window; absent when the answer names no time |
 * | confidence   | double  | 0-1                                                                        |
 * | window-start | guint64 | stream time in ns of what the answer is about                              |
 * | window-stop  | guint64 |                                                                            |
 */
#define GVL_EVENT_NAME "gvl-event"

/**
 * A new gvl-event. `start` and `stop` are GST_CLOCK_TIME_NONE for an answer that names no time; otherwise both are
 * brought within the window, and into order.
 */
GVL_API GstStructure* gvl_event_new(guint64 id, const gchar* task, const gchar* query, const gchar* text,
                                    GstClockTime start, GstClockTime stop, gdouble confidence,
                                    GstClockTime window_start, GstClockTime window_stop);

/* The gvl-event that an element message or a custom event carries (owned by it), or NULL for any other. */
GVL_API const GstStructure* gvl_event_parse_message(GstMessage* message);
GVL_API const GstStructure* gvl_event_parse_event(GstEvent* event);

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
