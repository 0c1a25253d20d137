"""S3 servers made by others, each started for a while on free loopback ports.

    with servers.start("ceph", folder) as server: server.url, server.environment

From a shell, to try a command on one:

    .venv-servers/bin/python -m servers ceph -- COMMAND {url} {bucket}     (in Tests/Interop)
"""

from pathlib import Path

from .ceph import Ceph
from .moto import Moto
from .rclone import Rclone

KINDS = {"ceph": Ceph, "rclone": Rclone, "moto": Moto}


def start(kind: str, folder: Path):
    """The server, not yet started: a context."""
    return KINDS[kind](folder)
