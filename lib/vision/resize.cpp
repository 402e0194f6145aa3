#include "gvl/preprocess.hpp"
