#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several queries share one reading of the video: several-queries.sh VIDEO
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: several-queries.sh VIDEO}

exec gst-launch-1.0 -m \
  filesrc location="$video" ! decodebin ! \
  gvlground "${MODEL[@]}" queries='"<\"the picture goes black\", \"colour bars are shown\", \"the picture freezes\">"' ! \
  fakesink
