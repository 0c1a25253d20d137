#!/usr/bin/env bash
# Installs other S3 servers to try things on: Ceph's gateway (Debian or Ubuntu packages), rclone and moto
# (.venv-servers). Quick when they are there. Usage: scripts/setup-servers.sh [ceph] [rclone] [moto] (all)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

wanted=("$@")
((${#wanted[@]})) || wanted=(ceph rclone moto)
has() { [[ " ${wanted[*]} " == *" $1 "* ]]; }

if has ceph; then
    for program in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph-authtool; do
        command -v "$program" >/dev/null && continue
        install_packages '    the packages of ceph-mon, ceph-osd, ceph and radosgw' \
            ceph-mon ceph-osd ceph-common radosgw
        break
    done
fi

requirements=Tests/Interop/requirements-servers.txt
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    install_packages '    python3 with its venv module' python3 python3-venv
state=$(cat "$requirements" <(python3 --version) | sha256sum)
if [ ! -x .venv-servers/bin/python ] || [ "$(cat .venv-servers/installed 2>/dev/null)" != "$state" ]; then
    echo "setup-servers.sh: installing rclone and moto into .venv-servers"
    python3 -m venv --clear .venv-servers
    .venv-servers/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
    echo "$state" >.venv-servers/installed
fi
