"""moto: a mock in memory, which verifies no signature, no time and no policy."""

from .base import Server, output, tool, TOOLS


class Moto(Server):
    name = "moto"

    def start(self):
        self.launch("moto", tool("moto_server"), "-H", "127.0.0.1", "-p", self.port)

    @property
    def version(self) -> str:
        python = TOOLS / "python"
        return "moto " + output(python, "-c", "import moto; print(moto.__version__)").strip()
