/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ground/arguments.hpp"

/** Which model is asked what: its name or folder, "" for the default one. */
using Questions = std::map<std::string, std::vector<std::string>>;

/**
 * Each query of the model that was named or else, where GVL_MODEL_PATH does not say what the default is either, of the
 * installed one that knows most of its words.
 */
Questions questions_of(const Arguments& arguments);

/** The same about a video; one that can be read but once is shown to one model, which knows most of all words. */
Questions questions_about(const Arguments& arguments, const std::string& video);

/** What people are told of a model that was chosen for their queries. */
std::string about_choice(const std::string& model, const std::vector<std::string>& queries);
