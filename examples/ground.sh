#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The bin of the elements: ground.sh VIDEO [QUERY]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: ground.sh VIDEO [QUERY]}
query=${2:-the picture goes black}

exec gst-launch-1.0 -m \
  filesrc location="$video" ! decodebin ! gvlground "${MODEL[@]}" query="$query" ! fakesink
