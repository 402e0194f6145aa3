/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * gvl-eval run [OPTION...] BENCHMARK ANNOTATIONS VIDEOS OUT: asks a model what a published benchmark asks, and scores
 * what it says. Returns the exit code: 0, 1 for wrong usage, 2 for what could not be done, 130 when it was interrupted.
 * `argv[0]` is "run".
 */
int run_benchmark(int argc, char** argv);
