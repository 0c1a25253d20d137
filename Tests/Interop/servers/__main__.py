"""Runs a command with an S3 server beside it; {url}, {bucket} and {region} stand for the server's."""

import os
import subprocess
import sys
import tempfile

from . import KINDS, start


def main(words: list[str]) -> int:
    if len(words) < 3 or words[0] not in KINDS or words[1] != "--":
        print(f"usage: python -m servers {'|'.join(KINDS)} -- COMMAND...", file=sys.stderr)
        return 64
    with tempfile.TemporaryDirectory(prefix="server-") as folder, start(words[0], folder) as server:
        print(f"{server.version} at {server.url}", file=sys.stderr)
        names = {"url": server.url, "bucket": server.bucket, "region": server.region}
        command = [word.format(**names) for word in words[2:]]
        return subprocess.run(command, env=os.environ | server.environment).returncode


sys.exit(main(sys.argv[1:]))
