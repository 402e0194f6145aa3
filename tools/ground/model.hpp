/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "ground/arguments.hpp"

/** The model that the arguments name, loaded. Null with the reason where it fails. */
std::shared_ptr<GstContext> load_model(const Arguments& arguments, std::string& fault);

/** The model of the arguments, its kind, its size and where it runs, for people. */
std::string about_model(const Arguments& arguments, GstContext* model);
