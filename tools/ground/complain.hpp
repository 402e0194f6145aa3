/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

/** Says on stderr what is wrong, behind the program's name, on one line and without passwords. Always false. */
bool complain(const std::string& reason);

/** Whether there is no reason to complain; says it where there is one. */
bool unless(const std::string& reason);
