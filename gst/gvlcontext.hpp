/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>

#include "gvl-export.h"
#include "gvlcontext.h"
#include "gvlmodelhandle.hpp"

namespace gvl::gst {

/** A context that holds a model, which may still be loading. */
GVL_API GstContext* model_context_new(std::shared_ptr<ModelHandle> model);
GVL_API GstContext* model_context_new(std::shared_ptr<Model> model);

/** What a context holds, null when it holds no model. */
GVL_API std::shared_ptr<ModelHandle> model_handle_of(GstContext* context);

/** The model of a context, null when it holds none that is loaded. */
GVL_API std::shared_ptr<Model> model_of(GstContext* context);

}  // namespace gvl::gst
