/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/gst.h>

#include "gvlclipper/gvlclipper.h"
#include "gvlfuser/gvlfuser.h"
#include "gvlground/gvlground.h"
#include "gvlgroundedllm/gvlgroundedllm.h"
#include "gvlindexer/gvlindexer.h"
#include "gvloverlay/gvloverlay.h"
#include "gvlsegmenter/gvlsegmenter.h"
#include "gvlspatialencoder/gvlspatialencoder.h"
#include "gvltemporalencoder/gvltemporalencoder.h"

static gboolean plugin_init(GstPlugin* plugin) {
  gboolean registered = FALSE;
  registered |= GST_ELEMENT_REGISTER(gvlsegmenter, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlspatialencoder, plugin);
  registered |= GST_ELEMENT_REGISTER(gvltemporalencoder, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlfuser, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlgroundedllm, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlindexer, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlground, plugin);
  registered |= GST_ELEMENT_REGISTER(gvloverlay, plugin);
  registered |= GST_ELEMENT_REGISTER(gvlclipper, plugin);
  return registered;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, gvl,
                  "Grounded-VideoLLM: answers questions in plain language about video with exact times", plugin_init,
                  PACKAGE_VERSION, "LGPL", PACKAGE_NAME, PACKAGE_ORIGIN)
