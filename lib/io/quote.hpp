/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

namespace gvl::io {

/**
 * Text from a file as it may appear in a message: in single quotes, what is not printable UTF-8 escaped, and long
 * text cut short.
 */
std::string quote(std::string_view text);

}  // namespace gvl::io
