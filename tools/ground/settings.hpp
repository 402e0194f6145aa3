/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "ground/arguments.hpp"

/** Why gvlground cannot be set as the arguments say; names the option. Empty where it can, or where there is none. */
std::string fault_of_settings(const Arguments& arguments);

/** Sets a gvlground. What was not given stays at its default. */
void set_ground(GstElement* ground, const Arguments& arguments);
