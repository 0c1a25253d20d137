# Sourced by the set-up scripts: how they report and how they install.

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# install_packages "other systems' commands" PACKAGE... installs Debian or Ubuntu packages.
install_packages() {
    local elsewhere=$1
    shift
    command -v apt-get >/dev/null || fail "missing: $*. This system has no apt-get; type
$elsewhere"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "missing: $*. As root, type
    apt-get install $*"
        as_root=(sudo)
    fi
    echo "${0##*/}: installing $*"
    "${as_root[@]}" apt-get update -qq </dev/null >/dev/null ||
        fail "'apt-get update' failed: is the network there, and may you use ${as_root[*]:-apt-get}?"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null ||
        fail "could not install $*"
}
