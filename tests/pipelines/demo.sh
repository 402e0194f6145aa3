#!/usr/bin/env bash
# The demo: the default model gives true answers about a real clip. Skipped where the clip cannot be downloaded.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
env -u GVL_MODEL -u GVL_MODEL_PATH "$root/examples/demo.sh"
