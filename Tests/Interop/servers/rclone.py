"""`rclone serve s3` over a folder."""

from .base import Server, output, tool


class Rclone(Server):
    name = "rclone"

    def start(self):
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        self.launch(
            "rclone", tool("rclone"), "serve", "s3", data, "--addr", f"127.0.0.1:{self.port}",
            environment={
                "RCLONE_CONFIG": str(self.folder / "rclone.conf"),
                "RCLONE_CACHE_DIR": str(self.folder / "cache"),
                # Not on the command line, which every user of the machine can see.
                "RCLONE_AUTH_KEY": f'"{self.access_key},{self.secret_key}"',
            },
        )  # fmt: skip

    @property
    def version(self) -> str:
        return output(tool("rclone"), "version").splitlines()[0].replace(" v", " ")
