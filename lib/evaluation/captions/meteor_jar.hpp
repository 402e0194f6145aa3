/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <memory>

#include "evaluation/captions/meteor.hpp"

namespace gvl::evaluation {

/**
 * METEOR's own program (meteor-1.5.jar), which runs until this is destroyed: `java -Xmx2G -jar JAR - - -stdio -l en
 * -norm`, as coco-caption runs it, with the `java` that PATH has. It finds its table of paraphrases beside itself, in
 * data/. Sentences lose what its protocol has a use for, "|||" and line breaks.
 *
 * Ignores SIGPIPE in this process, so that a program that ends is an error. Throws Error(kNotFound) when the jar or
 * Java are not there; count() throws Error(kResource) naming the jar when it ends or answers something else than 23
 * numbers. What it says on stderr is this process's.
 */
std::unique_ptr<MeteorCounter> run_meteor(const std::filesystem::path& jar);

}  // namespace gvl::evaluation
