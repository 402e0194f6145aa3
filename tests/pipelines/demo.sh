#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo: the default model gives true answers about a real clip. Skipped without the clip, which
# tests/run.sh downloads.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
env -u GVL_MODEL -u GVL_MODEL_PATH "$root/examples/demo.sh"
