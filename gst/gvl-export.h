/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Marks what libgstgvl exports: what its headers declare for applications and, in those that are not installed, for the
 * elements' plugin.
 */
#define GVL_API __attribute__((visibility("default")))
