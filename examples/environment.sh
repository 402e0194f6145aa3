# Sourced by the examples: lets GStreamer find the plugins of the build tree, where there is one, and sets MODEL.
# GVL_MODEL names a model folder; without it the examples use a small one with random weights, whose answers show
# how everything works but not what is in the video.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${GVL_BUILD:-$root/build}
if [[ -d $build/elements ]]; then
  export GST_PLUGIN_PATH=$build/elements${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
  export PATH=$build/tools:$PATH
fi
MODEL=${GVL_MODEL:-}
LIMIT=()
if [[ -z $MODEL ]]; then
  LIMIT=(max-new-tokens=16)  # random weights hardly ever end an answer
  MODEL=$build/example-model
  [[ -e $MODEL/config.json ]] || gvl-convert "$root/tests/data/phi_c" "$MODEL"
fi
