"""A client that sends bytes as they are, right or wrong, and reads whatever comes back."""

import re
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

# Nothing here waits that long unless the server hangs, which is then the finding.
SILENCE_LIMIT_S = 10


@dataclass
class Answer:
    status: int
    head: str
    body: bytes

    def field(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line[len(name) + 1 :].strip()
        return None

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def code(self) -> str:
        """S3's error code, if there is one."""
        found = re.search(r"<Code>(.*?)</Code>", self.text)
        return found.group(1) if found else ""


class Wire:
    def __init__(self, url: str, ca_file: str | None = None, receive_buffer: int | None = None):
        parts = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(SILENCE_LIMIT_S)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", parts.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        if ca_file:
            context = ssl.create_default_context(cafile=ca_file)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *pieces: bytes) -> bool:
        """False once the server takes no more."""
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except (OSError, ssl.SSLError):
            return False
        return True

    def end(self) -> None:
        """Ends this half; over TLS that would end both, so nothing is done there."""
        if isinstance(self.socket, ssl.SSLSocket):
            return
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _more(self) -> bool:
        try:
            piece = self.socket.recv(262_144)
        except (ConnectionError, ssl.SSLError):
            return False
        self.received += piece
        return bool(piece)

    def answer(self, is_head: bool = False) -> Answer | None:
        """The next answer by its Content-Length, 1xx left out; None at the connection's end.

        Raises TimeoutError when the server neither answers nor ends the connection.
        """
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                return None
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        text = head.decode("latin-1")
        status = int(text.split(" ", 2)[1])
        if 100 <= status < 200:
            return self.answer(is_head)
        answer = Answer(status, text, b"")
        length = 0 if is_head or status in (204, 304) else int(answer.field("Content-Length") or 0)
        while len(self.received) < length:
            if not self._more():
                return None
        answer.body, self.received = self.received[:length], self.received[length:]
        return answer

    def answers(self, is_head: bool = False) -> list[Answer]:
        """All that come until the server ends the connection."""
        found = []
        while answer := self.answer(is_head):
            found.append(answer)
        return found


def exchange(url: str, *pieces: bytes, ca_file: str | None = None, is_head=False) -> list[Answer]:
    """Sends all of it, ends the sending half, and gives every answer until the server is through.

    Over TLS, where a half cannot be ended, it is the first answer only.
    """
    with Wire(url, ca_file) as wire:
        if ca_file:
            # A TLS connection is not for two threads; the server drains what it has refused.
            wire.send(*pieces)
            first = wire.answer(is_head)
            return [first] if first else []

        def push():
            if wire.send(*pieces):
                wire.end()

        # A server that refuses early may stop reading, so its answers are read meanwhile.
        sender = threading.Thread(target=push)
        sender.start()
        answers = wire.answers(is_head)
        sender.join()
        return answers
