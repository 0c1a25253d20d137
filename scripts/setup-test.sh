#!/usr/bin/env bash
# Makes .venv with the clients that the checks in Tests/Interop use. Quick when it is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

requirements=Tests/Interop/requirements.txt
elsewhere='    Fedora:  dnf install python3 curl chromium nginx nodejs openssl iproute binutils
    Alpine:  apk add python3 curl chromium nginx nodejs openssl iproute2 binutils
    Arch:    pacman -S --needed python curl chromium nginx nodejs openssl iproute2 binutils'

packages=()
command -v curl >/dev/null || packages+=(curl ca-certificates)
# A Python without ensurepip cannot make a virtual environment with pip in it (Debian splits it off).
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv)
# The report page is checked in a real browser. Ubuntu's package of that name only points to a snap,
# which does not run in containers: there a browser that is installed otherwise is used.
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null || packages+=(chromium fonts-dejavu-core)
# nginx stands in front of 'serve'; Debian has it outside of a user's PATH. Node.js runs the edge's function.
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
command -v node >/dev/null || command -v nodejs >/dev/null || packages+=(nodejs)
command -v openssl >/dev/null || packages+=(openssl)
command -v ss >/dev/null || packages+=(iproute2)
((${#packages[@]} == 0)) || install_packages "$elsewhere" "${packages[@]}"

python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$(python3 --version) is too old; the checks need Python 3.10 or later"

wanted=$(cat "$requirements" <(python3 --version) | sha256sum)
if [ -x .venv/bin/python ] && [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "setup-test.sh: installing the test clients into .venv"
python3 -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
echo "$wanted" >.venv/installed
