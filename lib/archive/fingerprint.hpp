/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "gvl/model.hpp"

namespace gvl::archive {

/**
 * What tells models apart whose tokens mean something else: SHA-256, in hexadecimal digits, of the weights and of what
 * the configuration says about how tokens are made. What only answers depend on (prompts, min_confidence) may change.
 * Of weight files of 64 MiB and more it is of samples that are spread over all of the file. Reads files: not for a
 * streaming thread. Throws Error naming the file at fault.
 */
std::string fingerprint_of(const Model& model);

}  // namespace gvl::archive
