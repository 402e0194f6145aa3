/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>

namespace gvl::model {

/** Loads a model folder, as its users will. Throws Error naming the file or tensor at fault. */
void require_loadable(const std::filesystem::path& folder);

}  // namespace gvl::model
