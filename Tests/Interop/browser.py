"""A headless Chromium, driven through its DevTools protocol."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_S, ANSWER_S = 30, 30

# WCAG 2.2, 1.4.3: text against the nearest background that is painted.
CONTRASTS = """
(() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => parse(c).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if ((parse(c)[3] ?? 1) === 1) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const weak = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || ["SCRIPT", "STYLE", "TITLE", "title"].includes(e.tagName)) continue;
    const style = getComputedStyle(e);
    const ink = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(paper(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(e.textContent.slice(0, 40) + " " + ink);
  }
  return [...new Set(weak)].slice(0, 5);
})()
"""


class Browser:
    """One browser for many pages; it takes nothing from the network but what a page asks for."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, NAMES)), None)
        assert program, "chromium is not installed: scripts/setup-test.sh installs it"
        self._folder = tempfile.mkdtemp(prefix="chromium-")
        words = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--remote-debugging-port=0", "--remote-allow-origins=*",
            f"--user-data-dir={self._folder}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"HOME": self._folder}
        )
        self._port = self._wait_for_port()

    def _wait_for_port(self) -> int:
        file = Path(self._folder) / "DevToolsActivePort"
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            text = file.read_text() if file.exists() else ""
            if "\n" in text:
                return int(text.splitlines()[0])
            time.sleep(0.02)
        self.close()
        raise AssertionError("chromium did not start")

    def page(self, alone=False) -> "Page":
        """A tab; `alone`: in a context of its own, without what the others have cached."""
        if alone:
            return self._page_alone()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT"
        )
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return Page(json.load(answer)["webSocketDebuggerUrl"])

    def _page_alone(self) -> "Page":
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/version", timeout=ANSWER_S) as answer:
            socket = websocket.create_connection(json.load(answer)["webSocketDebuggerUrl"], timeout=ANSWER_S)
        context = _ask(socket, "Target.createBrowserContext")["browserContextId"]
        target = _ask(socket, "Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        page = Page(f"ws://127.0.0.1:{self._port}/devtools/page/{target}")
        # The context lives as long as the connection that made it.
        page.context = socket
        return page

    def close(self):
        self._process.terminate()
        self._process.wait(timeout=ANSWER_S)
        shutil.rmtree(self._folder, ignore_errors=True)


def _ask(socket, method: str, **parameters):
    socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
    while True:
        message = json.loads(socket.recv())
        if message.get("id") == 1:
            return message["result"]


class Page:
    """One tab. `errors` are console errors, exceptions and refused loads; `requests` are URLs."""

    def __init__(self, address: str):
        self._socket = websocket.create_connection(address, timeout=ANSWER_S)
        self._number = 0
        self._loaded = False
        self.errors: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters):
        self._number += 1
        number = self._number
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self._take(message)

    def _take(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def open(self, path: Path, width=1200, height=900, scheme="light", scripts=True):
        """Loads a file with the network cut off."""
        return self._show(path.resolve().as_uri(), width, height, scheme, scripts, offline=True)

    def visit(self, url: str, width=1200, height=900, scheme="light"):
        """Loads a page from a server."""
        return self._show(url, width, height, scheme, scripts=True, offline=False)

    def _show(self, url: str, width: int, height: int, scheme: str, scripts: bool, offline: bool):
        self.errors.clear()
        self.requests.clear()
        self._loaded = False
        self.throttle(offline=offline)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=url)
        end = time.monotonic() + ANSWER_S
        while not self._loaded:
            assert time.monotonic() < end, "the page did not load"
            self._take(json.loads(self._socket.recv()))
        return self

    def throttle(self, upload_bytes_per_s=-1, offline=False):
        self.call(
            "Network.emulateNetworkConditions",
            offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=upload_bytes_per_s,
        )  # fmt: skip

    def wait_for(self, script: str):
        """Until a JavaScript expression is true; returns its value."""
        return self.value(f"""new Promise((resolve, reject) => {{
            const end = Date.now() + {ANSWER_S} * 1000;
            const look = () => {{
                const value = ({script});
                if (value) resolve(value);
                else if (Date.now() > end) reject(new Error("never true: " + {json.dumps(script)}));
                else setTimeout(look, 10);
            }};
            look();
        }})""")

    def pick_file(self, selector: str, path: Path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def value(self, script: str):
        """What a JavaScript expression yields, as Python has it."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def download(self, selector: str, path: Path) -> str:
        """Follows a link that downloads `path`; what it saved."""
        self.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(path.parent))
        self.value(f"document.querySelector({json.dumps(selector)}).click()")
        end = time.monotonic() + ANSWER_S
        while not path.exists():
            assert time.monotonic() < end, "nothing was downloaded"
            time.sleep(0.02)
        return path.read_text()

    def press(self, key: str, code: int):
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    def point(self, x: float, y: float):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, path: Path, whole=True):
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print(self, path: Path):
        answer = self.call("Page.printToPDF", printBackground=False)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        self._socket.close()
