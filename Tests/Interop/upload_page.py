"""The gateway's page as a user handles it, and what the roles' log says of it."""

import json
from pathlib import Path

STRATEGIES = (
    "proxy-json", "proxy-binary", "edge-redirect", "presigned-put", "presigned-post", "accelerated-put",
    "accelerated-post", "presigned-multipart", "accelerated-multipart",
)  # fmt: skip


class RequestLog:
    """What `serve --log` wrote since the last look."""

    def __init__(self, path: Path):
        self._path = path
        self._seen = 0

    def new(self) -> list[dict]:
        lines = self._path.read_text().splitlines()
        fresh, self._seen = lines[self._seen :], len(lines)
        return [json.loads(line) for line in fresh]

    def text(self) -> str:
        return self._path.read_text()


def from_clients(lines: list[dict], ready: dict) -> list[tuple[str, str]]:
    """Role and method of each request that a page sent: not what the roles ask one another, which either has
    no origin or comes from acceleration under its own name."""
    ports = {role: ready[role].rsplit(":", 1)[1] for role in ("store", "gateway", "edge", "accelerate")}
    return [
        (line["role"], line["method"])
        for line in lines
        if line["origin"] and line["host"].rsplit(":", 1)[-1] == ports[line["role"]]
    ]


class UploadPage:
    def __init__(self, tab, endpoint, **look):
        self.tab = tab
        tab.visit(endpoint.gateway + "/", **look)
        tab.value("window.uploadbench.ready")

    def choose(self, name: str, value: str):
        self.tab.value(f"""(() => {{
            const field = document.getElementById({json.dumps(name)});
            field.value = {json.dumps(value)};
            field.dispatchEvent(new Event("change", {{bubbles: true}}));
        }})()""")

    def check(self, name: str, is_on=True):
        now = self.tab.value(f"document.getElementById({json.dumps(name)}).checked")
        if now != is_on:
            self.click(name)

    def click(self, name: str):
        self.tab.value(f"document.getElementById({json.dumps(name)}).click()")

    def text(self, name: str) -> str:
        return self.tab.value(f"document.getElementById({json.dumps(name)}).innerText")

    def begin(self, strategy="presigned-put", trap="", size=65536, counts=False, api="other"):
        self.choose("strategy", strategy)
        self.choose("trap", trap)
        self.choose("size", str(size))
        self.check("progress", counts)
        self.check(f"api-{api}")
        self.click("upload")

    def end(self) -> str:
        """The verdict, once there is one."""
        self.tab.wait_for("!document.getElementById('upload').disabled")
        return self.text("result-title")

    def upload(self, *words, **named) -> str:
        self.begin(*words, **named)
        return self.end()

    def measure(self, strategy: str, size: int, token: str) -> str:
        """One upload as `run --client chromium` has it measured; its outcome."""
        self.tab.value(f"window.uploadbench.place.token = {json.dumps(token)}")
        return self.tab.value(f"""(async () => {{
            const {{place, makeFile, measureOne}} = window.uploadbench;
            const where = {{...place, api: place.otherOrigin}};
            return (await measureOne(where, {{scenario: {json.dumps(strategy)}, file: makeFile({size}, 1)}})).outcome;
        }})()""")

    def object(self) -> dict[str, str]:
        return self.tab.value("""Object.fromEntries([...document.querySelectorAll("#object dt")].map(
            (name) => [name.textContent, name.nextElementSibling.textContent]))""")
