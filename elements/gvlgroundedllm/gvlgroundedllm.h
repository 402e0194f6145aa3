/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_GROUNDED_LLM (gvl_grounded_llm_get_type())
G_DECLARE_FINAL_TYPE(GvlGroundedLlm, gvl_grounded_llm, GVL, GROUNDED_LLM, GstElement)

GST_ELEMENT_REGISTER_DECLARE(gvlgroundedllm);

/* GvlTask: gvl::Task as an enumeration with the nicks that events carry. */
#define GVL_TYPE_TASK (gvl_task_get_type())
GType gvl_task_get_type(void);

/* What is sent on the pad `events`. */
typedef enum {
  GVL_PAD_EVENTS_CLOSED = 1 << 0,
  GVL_PAD_EVENTS_OPEN = 1 << 1,
  GVL_PAD_EVENTS_WORDS = 1 << 2,
  GVL_PAD_EVENTS_NOT_FOUND = 1 << 3,
} GvlPadEvents;

#define GVL_TYPE_PAD_EVENTS (gvl_pad_events_get_type())
GType gvl_pad_events_get_type(void);

/**
 * GvlGroundedLlm::ask:
 * @element: a gvlgroundedllm, or a gvlground, which has the same signal
 * @query: what to ask about the latest complete window, in UTF-8
 * @task: (nullable): the nick of a task; %NULL: that of the property `task`
 *
 * Asks once, without touching the stream. The answer is delivered as any other.
 *
 * Returns: the `ask-id` of the answer and its events; 0 where nothing is asked, and the log says why
 *
 * Since: 0.2
 */
/* Installs the action signal guint64 ask(element, gchararray query, gchararray task) with its class handler. */
void gvl_grounded_llm_install_ask(GObjectClass* klass, GCallback handler);

/* What the events pad may carry. */
#define GVL_GROUNDED_LLM_EVENTS_CAPS "text/x-raw, format=(string)utf8; application/x-json"

G_END_DECLS
