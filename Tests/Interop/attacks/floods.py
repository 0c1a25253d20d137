"""Too many clients, and clients that are too slow, end early or never read."""

import os
import random
import select
import socket
import time

from . import health, wire
from .cases import ROLES, Tally, url_of


def _port(endpoint, role: str) -> int:
    return int(url_of(endpoint, role).rsplit(":", 1)[1].rstrip("/"))


def connections(endpoint, tally: Tally, count: int, limit: int) -> None:
    """Connects and says nothing; beyond the limit each is told why, and a good request waits for none."""
    held = []
    try:
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", _port(endpoint, "store")), timeout=10)
            held.append(client)
        refused = 0
        deadline = time.monotonic() + 10
        while refused < count - limit and time.monotonic() < deadline:
            ready, _, _ = select.select(held[limit:], [], [], 0.2) if limit < count else ([], [], [])
            refused = len(ready)
        for client in held[:limit]:
            tally.statuses["kept"] += 1
        for client in held[limit:]:
            client.settimeout(1)
            try:
                text = client.recv(4096)
            except OSError:
                text = b""
            status = int(text[9:12]) if text.startswith(b"HTTP/1.1 ") else 0
            tally.statuses[status] += 1
            if status == 503 and b"connections (" not in text:
                tally.failures.append("a refused connection is not told the limit's name")
            if status not in (0, 503):
                tally.failures.append(f"a connection beyond the limit: {status}")
    finally:
        for client in held:
            client.close()
    deadline = time.monotonic() + 10
    while health.broken(endpoint) and time.monotonic() < deadline:
        time.sleep(0.05)


def pipelines(endpoint, tally: Tally, count: int, limit_kib: int) -> None:
    """Requests without end whose answers nobody reads: what cannot be written must not be kept."""
    good = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    for role in ROLES:
        before = health.look(endpoint.process.pid).memory_kib
        with wire.Wire(url_of(endpoint, role), endpoint.ready.get("ca_file"), receive_buffer=4096) as client:
            client.socket.settimeout(0.3)
            sent = 0
            try:
                while sent < count:
                    client.socket.sendall(good * 1000)
                    sent += 1000
            except OSError:
                pass
            grown = health.look(endpoint.process.pid).memory_kib - before
            tally.statuses["held back" if sent < count else "taken"] += 1
            if grown > limit_kib:
                tally.failures.append(f"{role}: {grown} KiB for {sent} requests without a reader")


def half_closed(endpoint, tally: Tally, rounds: int = 1) -> None:
    """A good upload that ends, or is reset, after each of its bytes up to the body and some of it."""
    whole = health.put_request(endpoint, "cut", b"0123456789" * 10)
    points = sorted({*range(0, len(whole), max(1, len(whole) // (40 * rounds))), len(whole) - 1})
    for point in points:
        for ending in (socket.SHUT_WR, None):
            with wire.Wire(url_of(endpoint, "store")) as client:
                client.send(whole[:point])
                if ending is None:
                    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    tally.statuses["reset"] += 1
                    continue
                client.end()
                try:
                    statuses = [answer.status for answer in client.answers()] or [0]
                except TimeoutError:
                    tally.failures.append(f"half-closed after {point} bytes: neither an answer nor an end")
                    continue
                tally.statuses[statuses[0]] += 1
                if statuses not in ([0], [400]):
                    tally.failures.append(f"half-closed after {point} bytes: {statuses}")
    if "cut" in endpoint.keys():
        tally.failures.append("an upload that was cut short was stored")


def garbage(endpoint, tally: Tally, count: int) -> None:
    """Random bytes, and TLS that goes wrong at each point of its handshake."""
    chance = random.Random(7)
    hello = bytes.fromhex("16030100c0010000bc0303") + bytes(32) + b"\x20" + bytes(32)
    for number in range(count):
        noise = chance.randbytes(chance.randrange(1, 4096))
        data = (noise, hello[: chance.randrange(1, len(hello))] + noise, b"\x16\x03\x01\x3f\xff" + noise)[number % 3]
        role = ROLES[number % 4]
        with wire.Wire(url_of(endpoint, role)) as client:
            client.send(data)
            client.end()
            try:
                while client._more():
                    pass
            except TimeoutError:
                tally.failures.append(f"garbage {number} at {role}: neither an answer nor an end")
            kind = "TLS alert" if client.received[:1] == b"\x15" else client.received[9:12].decode("latin-1")
            tally.statuses[int(kind) if kind.isdigit() else kind or 0] += 1


def slow(endpoint, tally: Tally, clients: int) -> None:
    """Many that each send a byte now and then, of a head and of a body: others are served meanwhile."""
    head = b"GET /x HTTP/1.1\r\nHost: a\r\nX: "
    body = health.put_request(endpoint, "slow", bytes(100_000))[:-99_999]
    held = []
    try:
        for number in range(clients):
            client = wire.Wire(url_of(endpoint, "store"))
            client.send(head if number % 2 else body)
            held.append(client)
        began = time.monotonic()
        for _ in range(3):
            for client in held:
                client.send(b"a")
            tally.failures += health.broken(endpoint)
        tally.statuses["held"] += clients
        if time.monotonic() - began > 5:
            tally.failures.append(f"good requests took {time.monotonic() - began:.1f} s beside {clients} slow clients")
    finally:
        for client in held:
            client.socket.close()


def tree(folder) -> set[str]:
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names}
