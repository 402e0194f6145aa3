#include "ops/ops.hpp"
