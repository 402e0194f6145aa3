/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

/** What elements and programs do with files that never replace another. */
namespace gvl::gst {

/** False, and errno, where not all of `text` could be written. */
bool write_all(int descriptor, std::string_view text);

/** Renames a file. Never replaces what is called `to`: false, and EEXIST. */
bool rename_to_free(const std::string& from, const std::string& to);

}  // namespace gvl::gst
