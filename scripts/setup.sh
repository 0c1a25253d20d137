#!/usr/bin/env bash
# Installs what the build needs and this machine lacks. Says nothing when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

minimum_major=6 minimum_minor=2
elsewhere='    Fedora:  dnf install make gcc-c++ pkgconf-pkg-config libcurl-devel openssl-devel
    Alpine:  apk add make g++ pkgconf curl-dev openssl-dev
    Arch:    pacman -S --needed make gcc pkgconf curl openssl'

check_swift_is_there() {
    command -v swift >/dev/null ||
        fail "there is no 'swift' on the PATH; install Swift $minimum_major.$minimum_minor or later from https://www.swift.org/install"
}

check_swift_version() {
    local text
    text=$(swift --version 2>&1) || fail "'swift --version' fails: ${text##*$'\n'}"
    [[ $text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || fail "cannot read a version from 'swift --version'"
    local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    if ((major < minimum_major || (major == minimum_major && minor < minimum_minor))); then
        fail "Swift $major.$minor is too old; $minimum_major.$minimum_minor or later is needed (https://www.swift.org/install)"
    fi
}

# The packages with the shared libraries that an unpacked toolchain itself still lacks.
missing_for_swift() {
    local folder
    folder=$(dirname "$(readlink -f "$(command -v swift)")")
    # A toolchain of another layout has none of these; then only its version is looked at.
    { ldd "$folder"/swift-{driver,build,frontend} "$folder/lld" 2>/dev/null || true; } |
        awk '/not found/ { print $1 }' | sort -u | while read -r library; do
        case $library in
        libcurl.so.4) echo libcurl4 ;;
        libedit.so.2) echo libedit2 ;;
        libncurses.so.6) echo libncurses6 ;;
        libsqlite3.so.0) echo libsqlite3-0 ;;
        libxml2.so.2) echo libxml2 ;;
        libz.so.1) echo zlib1g ;;
        *) fail "the Swift toolchain lacks $library; see https://www.swift.org/install for what it needs" ;;
        esac
    done
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

can_link() {
    local compiler
    compiler=$(cxx) || return 1
    printf '#include <vector>\nint main() { return 0; }\n' |
        "$compiler" -x c++ - -o /dev/null -lstdc++ 2>/dev/null
}

# The packages that are missing, found by use: headers may have come from elsewhere.
missing() {
    command -v make >/dev/null || echo make
    can_link || echo g++
    if ! command -v pkg-config >/dev/null; then
        echo pkg-config libcurl4-openssl-dev libssl-dev
        return
    fi
    pkg-config --exists libcurl || echo libcurl4-openssl-dev
    pkg-config --exists openssl || echo libssl-dev
}

check_swift_is_there
# In two steps, because the second needs a Swift that starts.
for step in missing_for_swift missing; do
    list=$($step)
    if [ -n "$list" ]; then
        read -r -d '' -a packages <<<"$list" || true
        install_packages "$elsewhere" "${packages[@]}"
        list=$($step)
        [ -z "$list" ] || fail "still missing after the installation: $list"
    fi
    check_swift_version
done
