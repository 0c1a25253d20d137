#!/usr/bin/env bash
# Installs what the build needs and this machine lacks. Says nothing when nothing is missing.
set -euo pipefail

fail() {
    echo "setup: $1" >&2
    exit 1
}

check_swift() {
    command -v swift >/dev/null || fail "there is no 'swift' on the PATH; install a toolchain of 6.2 or later from swift.org"
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -1)
    local major=${version%%.*} minor=${version##*.}
    if ((major < 6 || (major == 6 && minor < 2))); then
        fail "Swift $version is too old; 6.2 or later is needed"
    fi
}

# Debian package names of what is missing.
missing() {
    command -v pkg-config >/dev/null || echo pkg-config
    has_header libcurl curl/curl.h || echo libcurl4-openssl-dev
    has_header openssl openssl/ssl.h || echo libssl-dev
    [ -e /usr/include/stdio.h ] || echo libc6-dev
    command -v ld >/dev/null || command -v gcc >/dev/null || echo gcc
}

has_header() {
    command -v pkg-config >/dev/null && pkg-config --exists "$1" 2>/dev/null && return 0
    compgen -G "/usr/include/$2" >/dev/null || compgen -G "/usr/include/*/$2" >/dev/null
}

install() {
    local names="$*"
    if ! command -v apt-get >/dev/null; then
        fail "missing: $names. Install them with this system's packages, for example
    Fedora:  dnf install libcurl-devel openssl-devel pkgconf gcc
    Alpine:  apk add curl-dev openssl-dev pkgconf gcc musl-dev
    Arch:    pacman -S curl openssl pkgconf gcc"
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "missing: $names. As root: apt-get install $names"
        as_root=(sudo)
    fi
    echo "setup: installing $names"
    "${as_root[@]}" apt-get update -q >/dev/null || fail "'apt-get update' failed; is the network there?"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null ||
        fail "could not install $names"
}

check_swift
mapfile -t packages < <(missing)
if ((${#packages[@]} > 0)); then
    install "${packages[@]}"
fi
