/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/plugin.hpp"

#include <gst/gst.h>

#include <filesystem>

void find_plugin(const char* program) {
  g_autofree char* path = g_find_program_in_path(program);
  const std::filesystem::path here = std::filesystem::path(path ? path : program).parent_path();
  for (const std::filesystem::path& folder :
       {here / GVL_PLUGINS_FROM_PROGRAM, std::filesystem::path(GVL_PLUGIN_DIR), here / "../elements"}) {
    g_autoptr(GstElementFactory) factory = gst_element_factory_find("gvlground");
    if (factory) return;
    gst_registry_scan_path(gst_registry_get(), folder.c_str());
  }
}
