/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "gvl/export.hpp"

namespace gvl {

/**
 * The folders that the files of the model in `folder` lie in: `folder`, then those of a composite's members. Of what is
 * no model, or a broken one, `folder` alone.
 */
GVL_EXPORT std::vector<std::filesystem::path> folders_of_model(const std::filesystem::path& folder);

}  // namespace gvl
