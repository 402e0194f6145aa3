/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A plugin of its own: a program that publishes nothing loads no library of networks. libsoup 3 ends a process that has
// libsoup 2 as well.

#include <gst/gst.h>

#include "gvlpublish/gvlpublish.h"

static gboolean plugin_init(GstPlugin* plugin) { return GST_ELEMENT_REGISTER(gvlpublish, plugin); }

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, gvlpublish,
                  "Grounded-VideoLLM: sends what is found in video to brokers, servers, sockets and files", plugin_init,
                  PACKAGE_VERSION, "LGPL", PACKAGE_NAME, PACKAGE_ORIGIN)
