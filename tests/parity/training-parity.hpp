/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "report.hpp"
#include "support/reference.hpp"

namespace gvl::parity {

/** Adds to `report` the ids and labels of the fixture's training texts, and each stage's losses and gradient norms. */
void check_training(const gvl::test::Fixture& fixture, Report& report);

}  // namespace gvl::parity
