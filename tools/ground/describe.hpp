/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

/** "12.40 s - 25.00 s  0.83  it goes black: From 12.40 seconds to 25.00 seconds." of a gvl-event or gvl-answer, on one
 * line; of an event that is not over with its state. */
std::string describe(const GstStructure* said);

/** "0.00 s - 60.00 s  unsure, 0.35 of 0.40  it goes black, at best 12.40 s - 25.00 s", of a gvl-verdict. */
std::string describe_verdict(const GstStructure* verdict);
