"""Is a `serve` that was attacked still what it was?"""

import time
from dataclasses import dataclass
from pathlib import Path

from . import signing, wire

# Connections that the roles keep to one another come and go.
DESCRIPTOR_SLACK = 24
MEMORY_SLACK_KIB = 48 * 1024
SETTLING_LIMIT_S = 6


@dataclass
class Look:
    memory_kib: int
    descriptors: int


def look(pid: int) -> Look:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return Look(memory, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def settled(pid: int, before: Look) -> Look:
    """Connections that are ending may take the time that the server gives them."""
    deadline = time.monotonic() + SETTLING_LIMIT_S
    while (now := look(pid)).descriptors > before.descriptors + DESCRIPTOR_SLACK:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return now


def put_request(endpoint, key: str, body: bytes, host: str = "127.0.0.1", path: str | None = None) -> bytes:
    path = path or f"/{endpoint.bucket}/{key}"
    target = signing.Signer(endpoint).presign("PUT", path, host)
    return (
        f"PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n"
    ).encode() + body


def broken(endpoint) -> list[str]:
    """A good request to each role; what of them did not get its good answer."""
    token = f"Host: localhost\r\nAuthorization: Bearer {endpoint.token}\r\nConnection: close\r\n"
    host = f"{endpoint.bucket}.localhost"
    requests = {
        "store": (put_request(endpoint, "health", b"well"), 200),
        "gateway": (f"GET /signed-url HTTP/1.1\r\n{token}\r\n".encode(), 200),
        "edge": (f"PUT /health HTTP/1.1\r\n{token}Content-Length: 0\r\n\r\n".encode(), 307),
        "accelerate": (put_request(endpoint, "health", b"well", host, "/health"), 200),
    }
    found = []
    for role, (request, expected) in requests.items():
        try:
            answers = wire.exchange(
                endpoint.ready[role], request, ca_file=endpoint.ready.get("ca_file"))  # fmt: skip
        except OSError as error:
            found.append(f"a good request to {role}: {error}")
            continue
        if [answer.status for answer in answers] != [expected]:
            found.append(f"a good request to {role}: {[answer.status for answer in answers]}")
    return found
