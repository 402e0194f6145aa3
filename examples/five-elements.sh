#!/usr/bin/env bash
# The five elements spelled out: five-elements.sh VIDEO [QUERY]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: five-elements.sh VIDEO [QUERY]}
query=${2:-a car drives along the road}

exec gst-launch-1.0 -m \
  filesrc location="$video" ! decodebin ! \
  gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! \
  gvlgroundedllm model="$MODEL" "${LIMIT[@]}" query="$query" ! \
  fakesink
