#!/usr/bin/env bash
# Installs what the engine's benchmark needs and this machine lacks: the other clients, a C compiler, valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

elsewhere='    Fedora:  dnf install gcc openssl openssl-devel wrk httpd-tools nghttp2 valgrind python3 util-linux (hey: go install)
    Arch:    pacman -S --needed gcc openssl wrk apache nghttp2 hey valgrind python'

packages=()
need() { command -v "$1" >/dev/null || packages+=("${@:2}"); }
need wrk wrk
need ab apache2-utils
need h2load nghttp2-client
need hey hey
need valgrind valgrind libc6-dbg
need cc gcc libc6-dev
need openssl openssl
need python3 python3
need taskset util-linux
((${#packages[@]} == 0)) || install_packages "$elsewhere" "${packages[@]}"
