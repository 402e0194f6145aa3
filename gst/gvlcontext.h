/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GVL_MODEL_CONTEXT_TYPE:
 *
 * The loaded model as a GstContext, which is how the elements of a pipeline share it. An application that sets this
 * context on its pipeline saves the elements from loading.
 */
#define GVL_MODEL_CONTEXT_TYPE "gvl.model"

/**
 * gvl_model_context_load:
 * @folder: (nullable) (type filename): a model's folder, or the name of an installed one; %NULL: the default model
 * @device: (nullable): "auto", "cpu", "cuda", "cuda:1", ...; %NULL: auto
 * @error: why it cannot be loaded, with the name of the file at fault
 *
 * Loads a model, which takes as long as its weights are read. Those who name the same folder and device share one
 * instance. Thread safe.
 *
 * Returns: (transfer full): its context, for gst_element_set_context() of a pipeline; %NULL with @error set
 */
GVL_API GstContext* gvl_model_context_load(const gchar* folder, const gchar* device, GError** error);

/**
 * gvl_model_context_is_valid:
 * @context: any context
 *
 * Returns: whether @context is of %GVL_MODEL_CONTEXT_TYPE and holds a model
 */
GVL_API gboolean gvl_model_context_is_valid(GstContext* context);

G_END_DECLS
