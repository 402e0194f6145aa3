/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * gvl-eval score [--rules NAME] [--json FILE] BENCHMARK ANNOTATIONS PREDICTIONS...: what published scorers say of
 * predictions, ours or another system's. Returns the exit code: 0, 1 for wrong usage, 2 for a file at fault.
 * `argv[0]` is "score".
 */
int score_predictions(int argc, char** argv);
