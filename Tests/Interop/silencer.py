"""A proxy before an API that keeps its answers to some requests to itself, or takes a field out of them."""

import http.client
import http.server
import threading
from urllib.parse import urlsplit

TIME_LIMIT_S = 30


class Silencer:
    """As a context: requests go on to `behind`; those for the path `silent` are carried out, and never answered."""

    def __init__(self, behind: str, silent: str | None, without: str | None = None):
        self.behind = urlsplit(behind).netloc
        self.silent = silent
        self.without = without
        # Requests that came with the field.
        self.removed = 0
        self._carried_out = threading.Semaphore(0)
        self._over = threading.Event()

    def wait(self, count: int = 2):
        """Until so many silent requests were carried out."""
        for _ in range(count):
            assert self._carried_out.acquire(timeout=TIME_LIMIT_S), "no such request came"

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = {name.lower(): value for name, value in self.headers.items()}
                if outer.without and fields.pop(outer.without, None):
                    outer.removed += 1
                upstream = http.client.HTTPConnection(outer.behind, timeout=TIME_LIMIT_S)
                upstream.request(self.command, self.path, body, fields)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                if outer.silent == self.path and self.command == "POST":
                    outer._carried_out.release()
                    outer._over.wait(TIME_LIMIT_S)
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "content-length"):
                        self.send_header(name, value.replace(f", {outer.without}", "") if outer.without else value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_OPTIONS = pass_on

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
