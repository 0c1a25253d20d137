"""Servers that mean harm: each answers all requests alike, and keeps what it was asked."""

import http.server
import threading
import time

# A terminal's title, colours, a cleared screen, a rewritten line, commands of a CI system, markup.
ESCAPES = "\x1b]0;owned\x07\x1b[31m\x1b[2J\r\x9b5A\x7f"
COMMANDS = "\n::error title=owned::owned\n::set-output name=a::owned\n##[error]owned\n"
MARKUP = "<script>owned()</script>|[x](javascript:owned())|@owned`\"'>"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0"]
ALL = ESCAPES + COMMANDS + MARKUP


def is_clean(text: str) -> bool:
    """Could a terminal or a CI system show it without obeying it?"""
    lines = [line.strip() for line in text.splitlines()]
    controls = [c for c in text if (ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) <= 0x9F]
    return not controls and not any(line.startswith("::") for line in lines) and "##[" not in text


class Hostile:
    """As a context. `fields` are lines of the head as they are; `body` is bytes, or makes them of the
    request's path. One that trickles gives a byte of each body now and then, for ever."""

    def __init__(self, status: int, body=b"", fields: tuple[bytes, ...] = (), trickles: bool = False):
        self.answer = status, body, fields
        self.trickles = trickles
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def give(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.command, self.path, fields))
                status, body, fields = outer.answer
                body = body(self.path) if callable(body) else body
                if outer.trickles:
                    return self.trickle(status)
                lines = [b"HTTP/1.1 %d x" % status, *fields, b"Content-Length: %d" % len(body)]
                self.wfile.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)

            def trickle(self, status):
                self.wfile.write(b"HTTP/1.1 %d x\r\nContent-Length: 1000000\r\n\r\n" % status)
                while True:
                    self.wfile.write(b" ")
                    time.sleep(0.1)

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the client has left

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_OPTIONS = give

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
