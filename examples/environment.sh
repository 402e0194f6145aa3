# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the examples: lets GStreamer find the plugins of the build tree, where there is one, and sets MODEL: the
# folder that GVL_MODEL names, or nothing, for the default model.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${GVL_BUILD:-$root/build}
if [[ -d $build/elements ]]; then
  export GST_PLUGIN_PATH=$build/elements${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
  export PATH=$build/tools:$PATH
fi
MODEL=()
[[ -z ${GVL_MODEL:-} ]] || MODEL=("model=$GVL_MODEL")
