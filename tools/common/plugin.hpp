/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * Makes GStreamer find our plugin, which may be installed, named by GST_PLUGIN_PATH, or beside `program` (argv[0]) in a
 * build tree.
 */
void find_plugin(const char* program);
