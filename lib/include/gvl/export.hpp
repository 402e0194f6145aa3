/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** Marks what libgvl exports: the functions and classes of the headers in this folder, and nothing else. */
#define GVL_EXPORT __attribute__((visibility("default")))
