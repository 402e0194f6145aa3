/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/** Adds --version, which prints the program's name and version and ends it, as --help does. */
void add_version(GOptionContext* context);
