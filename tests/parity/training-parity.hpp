#pragma once

#include "fixture.hpp"
#include "report.hpp"

namespace gvl::parity {

/** Adds to `report` the ids and labels of the fixture's training texts, and each stage's losses and gradient norms. */
void check_training(const Fixture& fixture, Report& report);

}  // namespace gvl::parity
