/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * The loaded model as a GstContext, which is how the elements of a pipeline share it. An application that sets this
 * context on its pipeline saves the elements from loading.
 */
#define GVL_MODEL_CONTEXT_TYPE "gvl.model"

/**
 * Loads the model in `folder` (NULL: the default model) for `device` ("auto", "cpu", "cuda", "cuda:1", ...; NULL: auto)
 * and returns its context, or NULL with `error` set. Those who name the same folder and device share one instance.
 */
GVL_API GstContext* gvl_model_context_load(const gchar* folder, const gchar* device, GError** error);

/* TRUE when `context` is of GVL_MODEL_CONTEXT_TYPE and holds a model. */
GVL_API gboolean gvl_model_context_is_valid(GstContext* context);

G_END_DECLS
