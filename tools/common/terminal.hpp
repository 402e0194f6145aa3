/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** How many columns the terminal behind stderr has now: windows change their size. */
int terminal_columns();
