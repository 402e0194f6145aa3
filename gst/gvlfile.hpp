/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

#include "gvl-export.h"

/** What elements and programs do with files that never replace another. */
namespace gvl::gst {

/** False, and errno, where not all of `text` could be written. */
GVL_API bool write_all(int descriptor, std::string_view text);

/** Renames a file. Never replaces what is called `to`: false, and EEXIST. */
GVL_API bool rename_to_free(const std::string& from, const std::string& to);

/**
 * Writes a file that is there only when it is complete, by a temporary one in the same folder. Never replaces what is
 * called `path`: false, and EEXIST; false and errno, too, where it cannot be written.
 */
GVL_API bool write_new_file(const std::string& path, std::string_view text);

}  // namespace gvl::gst
