#!/usr/bin/env bash
# Installs what the build needs and this machine lacks. Says nothing when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

minimum_major=6 minimum_minor=2
elsewhere='    Fedora:  dnf install make gcc-c++ pkgconf-pkg-config libcurl-devel openssl-devel
    Alpine:  apk add make g++ pkgconf curl-dev openssl-dev
    Arch:    pacman -S --needed make gcc pkgconf curl openssl'

check_swift() {
    command -v swift >/dev/null ||
        fail "there is no 'swift' on the PATH; install Swift $minimum_major.$minimum_minor or later from https://www.swift.org/install"
    local text
    text=$(swift --version 2>/dev/null) || fail "'swift --version' fails; is the toolchain complete?"
    [[ $text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || fail "cannot read a version from 'swift --version'"
    local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    if ((major < minimum_major || (major == minimum_major && minor < minimum_minor))); then
        fail "Swift $major.$minor is too old; $minimum_major.$minimum_minor or later is needed (https://www.swift.org/install)"
    fi
}

# The compiler that the Swift toolchain links with, else the system's.
cxx() {
    local resources
    resources=$(swiftc -print-target-info 2>/dev/null |
        sed -n 's/.*"runtimeResourcePath": *"\(.*\)".*/\1/p')
    if [ -x "$resources/../../bin/clang++" ]; then
        echo "$resources/../../bin/clang++"
    else
        command -v c++ || command -v clang++
    fi
}

# builds HEADER FLAGS...: does a program that includes the header compile and link?
builds() {
    local header=$1
    shift
    printf '#include <%s>\nint main() { return 0; }\n' "$header" |
        "$compiler" -x c++ - -o /dev/null "$@" 2>/dev/null
}

# The Debian packages of what is missing. Looked for by use, because headers may come from elsewhere.
missing() {
    command -v make >/dev/null || echo make
    local compiler
    compiler=$(cxx) && builds vector -lstdc++ || echo g++
    if ! command -v pkg-config >/dev/null; then
        echo pkg-config libcurl4-openssl-dev libssl-dev
        return
    fi
    pkg-config --exists libcurl || echo libcurl4-openssl-dev
    pkg-config --exists openssl || echo libssl-dev
}

check_swift
read -r -d '' -a packages < <(missing) || true
if ((${#packages[@]} > 0)); then
    install_packages "$elsewhere" "${packages[@]}"
    read -r -d '' -a packages < <(missing) || true
    ((${#packages[@]} == 0)) || fail "still missing after the installation: ${packages[*]}"
fi
