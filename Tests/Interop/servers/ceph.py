"""Ceph's RADOS Gateway on a cluster of one monitor and one memory-backed OSD, all in one folder."""

import json
import tempfile
import uuid

from .base import Server, ServerError, free_port, output, tool

CAPABILITIES = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
    "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
    "client.rgw.a": ["mon", "allow rw", "osd", "allow rwx"],
}

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
mon initial members = a
keyring = {folder}/keyring
run dir = {folder}
admin socket = {sockets}/$name.asok
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
crash dir = {folder}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
osd max pg per osd hard ratio = 10

[mon]
mon data = {folder}/mon

[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 1073741824

[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable usage log = false
rgw thread pool size = 16
rgw dynamic resharding = false
"""


class Ceph(Server):
    name = "ceph"

    def start(self):
        fsid = str(uuid.uuid4())
        mon_port = free_port()
        # A UNIX socket's path has at most 107 bytes, which a test's folder may already have.
        self._sockets = tempfile.TemporaryDirectory(prefix="ceph-")
        for part in ("mon", "osd"):
            (self.folder / part).mkdir()
        self._conf = self.folder / "ceph.conf"
        self._conf.write_text(
            CONFIGURATION.format(
                fsid=fsid, mon_port=mon_port, port=self.port, folder=self.folder,
                sockets=self._sockets.name,
            )
        )  # fmt: skip
        self._make_keys()
        monmap = self.folder / "monmap"
        output(
            tool("monmaptool"), "--create", "--fsid", fsid,
            "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap,
        )  # fmt: skip
        keyring = self.folder / "keyring"
        self._ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
        self.launch("mon", tool("ceph-mon"), "-c", self._conf, "-i", "a", "-f")
        self.wait_until("the monitor answers", self._monitor_answers)
        osd_id = str(uuid.uuid4())
        self._ceph("ceph", "osd", "new", osd_id)
        self._ceph("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id)
        self.launch("osd", tool("ceph-osd"), "-c", self._conf, "-i", "0", "-f")
        self.wait_until("the OSD is up", self._osd_is_up)
        self.launch("rgw", tool("radosgw"), "-c", self._conf, "-n", "client.rgw.a", "-f")
        self.wait_until("the gateway listens", self._listens)
        self._ceph(
            "radosgw-admin", "user", "create", "--uid=interop", "--display-name=interop",
            f"--access-key={self.access_key}", f"--secret={self.secret_key}",
        )  # fmt: skip

    def stop(self):
        super().stop()
        if sockets := getattr(self, "_sockets", None):
            sockets.cleanup()

    @property
    def version(self) -> str:
        # "ceph version 16.2.15 (618f440892089921c3e944a991122ddc44e60516) pacific (stable)"
        words = output(tool("radosgw"), "--version").split()
        return f"Ceph RADOS Gateway {words[2]}"

    def _make_keys(self):
        # radosgw 16 does not get past a monitor that asks for no authentication.
        keyring = self.folder / "keyring"
        for index, (name, capabilities) in enumerate(CAPABILITIES.items()):
            words = [word for pair in zip(capabilities[::2], capabilities[1::2]) for word in ("--cap", *pair)]
            create = ["--create-keyring"] if index == 0 else []
            output(tool("ceph-authtool"), *create, keyring, "--gen-key", "-n", name, *words)

    def _ceph(self, program: str, *words) -> str:
        return output(tool(program), "-c", self._conf, *words)

    def _monitor_answers(self) -> bool:
        try:
            self._ceph("ceph", "--connect-timeout", "3", "mon", "stat")
        except ServerError:
            return False
        return True

    def _osd_is_up(self) -> bool:
        return json.loads(self._ceph("ceph", "osd", "stat", "--format", "json"))["num_up_osds"] > 0
