#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Collects what generated training videos are made of, beside what Debian's packages install: real and drawn clips and
# photographs out of Debian packages, unpacked into a folder without installing them.
#   models/recipes/assets.sh [FOLDER]     default: assets, in the folder this is run from
set -euo pipefail
folder=$(mkdir -p "${1:-assets}" && cd "${1:-assets}" && pwd)

packages=(node-opencv planetblupi-common psychtoolbox-3-common gem-doc lebiniou-data fillets-ng-data mrpt-common opencv-doc
  python3-hug-doc renpy-demo pd-extendedview morse-simulator-doc
  # photographs
  endless-sky-data scratch gnome-control-center-data libdlib19.1 lomiri-wallpapers-16.04 lomiri-wallpapers-20.04
  ukui-wallpapers
  # for measuring, never for training
  python3-imageio python-nbsphinx-doc forensics-samples-files python-kivy-examples python3-mecavideo)

archives=$(mktemp -d)
trap 'rm -rf "$archives"' EXIT
cd "$archives"
apt-get download -qq "${packages[@]}"
for archive in *.deb; do
  dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$folder" --wildcards --no-anchored \
    '*.mp4' '*.avi' '*.mpg' '*.mpeg' '*.mkv' '*.mov' '*.ogv' '*.webm' '*.mp4.gz' '*.webm.gz' 'share/backgrounds/*.jpg' \
    'share/backgrounds/*.png' 'images/land/*.jpg' 'Media/Backgrounds/*' 'pixmaps/faces/*' 'examples/faces/*' 2>/dev/null \
    || true
done
find "$folder" \( -name '*.mp4.gz' -o -name '*.webm.gz' \) -exec gunzip -f {} +
