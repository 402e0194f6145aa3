#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what the project builds, runs and is tested with, from Debian's packages. As root, or with sudo.
set -euo pipefail

packages=(
  # to build
  g++ meson ninja-build pkg-config ccache clang-format
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libtorch-dev libjson-glib-dev libpcre2-dev libsoup-3.0-dev
  libgloo-dev libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-videoio-dev libfreetype-dev
  libsqlite3-dev zlib1g-dev libjpeg-dev libmosquitto-dev
  gobject-introspection libgirepository1.0-dev  # libgstgvl in other languages
  check groff-base          # to test; manual pages need nothing to be built
  python3-markdown-it mandoc  # the documents as web pages, and the test of their links
  # to run: LibTorch is linked to any BLAS, and the reference one that it comes with is slow
  libopenblas0-openmp
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-libav
  gstreamer1.0-x            # textoverlay
  gstreamer1.0-plugins-bad  # h264parse, webvttenc
  glib-networking           # https, for gvl-fetch and gvl-annotate
  mosquitto mosquitto-clients openssl  # a broker for tests
  jq sqlite3 postgresql rsyslog mkvtoolnix gir1.2-gst-plugins-bad-1.0  # examples/recipes, and what they write to
  parallel                  # examples/cluster
  ffmpeg                    # makes files for tests
  wordnet-base              # synonyms of METEOR, for gvl-eval score and its tests
  # the Python example
  python3 python3-gst-1.0
  gir1.2-gst-rtsp-server-1.0  # a server for tests
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "install-packages: run as root or install sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
