/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gvl/error.hpp"

namespace gvl::annotation {

/** Why a text names no video within a folder, in words that go on after it; none if it does. */
std::optional<std::string> fault_of_video_name(std::string_view name);

/** Text of one line: white space and what controls a terminal become single blanks, none around it. */
std::string in_one_line(std::string_view text);

}  // namespace gvl::annotation
