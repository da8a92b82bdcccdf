"""Places that fail: a home that may not be written, a folder that may not be read, a full disk, a killed process, no OpenGL.

Each is met as a person meets it, by `main.py` in a process of its own, which has given up root's right to read and write everything.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from PIL import Image

import main as program
from engine.api.catalogue import ROOT, write_cache
from engine.api.messages import Ended, Save, Saved, Stop, Warned
from engine.api.records import read_curves, read_record, snapshot_steps
from engine.run.keeper import Keeper
from engine.run.snapshots import Snapshot, read_snapshot
from tests.run.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rights, mounts and signals as Linux has them")

NEURON = "neurons.perceptron"
ENDLESS = ("--set", "data=xor", "--set", "order=random")
AS_ANYONE = """
import ctypes, os, sys
for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root's own, lost for good by what is started from here
    ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", AS_ANYONE, str(ROOT / "main.py"), *words]


def surroundings(home: Path) -> dict[str, str]:
    return {**os.environ, "PERCEPTION_STUDIO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


def studio(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, env=surroundings(home), timeout=110, check=False
    )


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that may be looked at and not written."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


# Rights -------------------------------------------------------------------------------------------------------------------


def test_a_home_that_may_not_be_written(closed: Path, tmp_path: Path) -> None:
    run = studio(closed / "home", "run", NEURON, "--steps", "3")
    assert run.returncode == 2
    assert "Runs cannot be written to" in run.stderr
    assert "(Permission denied); choose another folder with --out." in run.stderr
    assert run.stderr.count("\n") == 1
    elsewhere = studio(closed / "home", "run", NEURON, "--steps", "3", "--out", str(tmp_path / "out"))
    assert elsewhere.returncode == 0
    assert read_record(tmp_path / "out").step == 3
    labs = studio(closed / "home", "labs")
    assert (labs.returncode, labs.stderr) == (0, "")
    assert NEURON in labs.stdout
    assert list(closed.iterdir()) == []


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    folder.chmod(0)
    try:
        run = studio(tmp_path / "home", "run", "autoencoders.vae", "--data", str(folder), "--steps", "2")
    finally:
        folder.chmod(0o755)
    assert run.returncode == 2
    assert "locked” cannot be read: Permission denied." in run.stderr
    assert run.stderr.count("\n") == 1
    assert not list((tmp_path / "home").glob("runs/*"))


# The window ---------------------------------------------------------------------------------------------------------------


def open_and_leave(home: Path) -> tuple[int, str]:
    """Opens the window, waits until it has painted and made a worker ready, and leaves by Ctrl+C. Exit status and stderr."""
    window = subprocess.Popen(command(), env=surroundings(home), stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 60
        while not any("door" in " ".join(words) or "spawn" in " ".join(words) for words in children(window.pid)):
            assert window.poll() is None, window.communicate()[1]
            assert time.monotonic() < end, "no worker was made ready"
            time.sleep(0.1)
        window.send_signal(signal.SIGINT)
        _, said = window.communicate(timeout=30)
    finally:
        if window.poll() is None:
            window.kill()
            window.communicate()
    return window.returncode, said


def children(pid: int) -> list[list[str]]:
    """The command lines of a process's children, those that are gone meanwhile left out."""
    found = []
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):
            found.append(child.cmdline())
    return found


def test_the_window_opens_over_a_home_that_may_not_be_written(closed: Path) -> None:
    assert open_and_leave(closed / "home") == (0, "")
    assert list(closed.iterdir()) == []


def test_the_window_opens_over_settings_of_nonsense_and_keeps_them(tmp_path: Path) -> None:
    config = tmp_path / "home" / "config"
    config.mkdir(parents=True)
    (config / "settings.json").write_bytes(b"\xff{nonsense")
    assert open_and_leave(tmp_path / "home") == (0, "")
    assert (config / "settings.broken.json").read_bytes() == b"\xff{nonsense"
    assert '"version": 1' in (config / "settings.json").read_text("utf-8")


@pytest.mark.timeout(240)
def test_a_scene_is_pictured_without_opengl(tmp_path: Path, real_labs: list[dict[str, object]]) -> None:
    """Qt's offscreen platform has none; the views in three dimensions are drawn on the processor."""
    write_cache(tmp_path / "home" / "cache", real_labs)
    out = tmp_path / "scene.png"
    shot = studio(tmp_path / "home", "shot", "--page", "surfaces.sdf", "--steps", "2", "--out", str(out))
    assert (shot.returncode, shot.stderr) == (0, "")
    pixels = np.asarray(Image.open(out).convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 500
    doctor = studio(tmp_path / "home", "doctor")
    assert doctor.returncode == 0
    assert "OpenGL" in doctor.stdout


# A full disk --------------------------------------------------------------------------------------------------------------


def assert_kept(out: Path, said: str) -> None:
    """The run ended with one sentence; every moment it lists can be read, and nothing lies about half-written."""
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith(f"The end of the run could not be written to {out} (")
    assert said.count("could not be written (") == 1, "the snapshots are told once"
    steps = snapshot_steps(out)
    assert steps
    for path in (out / "snapshots").iterdir():
        assert int(path.stem) in steps, path.name
        read_snapshot(path, NEURON)
    assert not [path for path in out.rglob("*") if path.name.startswith(".") or path.name == "lock"]


def test_a_disk_that_fills_up_keeps_the_older_moments_and_the_run_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The system's own call takes two records and the first moment, and refuses from there on."""
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(tmp_path / "home"))
    flush, calls, out = os.fsync, [0], tmp_path / "out"

    def full(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert program.main(["run", NEURON, *ENDLESS, "--steps", "2000", "--out", str(out)]) == 2
    assert_kept(out, capfd.readouterr().err)
    assert program.main(["run", NEURON, "--resume", str(out), "--steps", "2000"]) == 0
    assert np.array_equal(read_curves(out)["mistakes/made"].steps, np.arange(2000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 192 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_real_disk_that_fills_up(small_disk: Path, tmp_path: Path) -> None:
    out = small_disk / "out"
    run = studio(tmp_path / "home", "run", NEURON, *ENDLESS, "--steps", "6000", "--out", str(out))
    assert run.returncode == 2
    assert_kept(out, run.stderr)


def test_a_full_disk_is_not_tried_again_at_every_step(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("in the way")
    keeper = Keeper(tmp_path)
    assert keeper.due(0, 1000)
    with pytest.raises(OSError, match="exists"):
        keeper.save(Snapshot(NEURON, 0, {}, {}))
    assert not keeper.due(1, 1000)
    assert keeper.due(50, 1000)


def test_a_worker_bears_a_full_disk_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the snapshots is no folder any more; a person who asks again is answered again."""
    client = Client()
    try:
        client.start(tmp_path / "run", steps=10_000_000)
        client.wait(Saved)
        kept = tmp_path / "run" / "snapshots"
        kept.rename(tmp_path / "run" / "before")
        kept.write_text("in the way")
        for _ in range(2):
            client.send(Save())
            assert "could not be written" in client.wait(Warned).text
        client.run_for(0.5)
        assert not [event for event in client.events if isinstance(event, Warned)]
        kept.unlink()
        (tmp_path / "run" / "before").rename(kept)
        client.send(Stop())
        assert client.wait(Ended).phase == "stopped"
        assert len(snapshot_steps(tmp_path / "run")) >= 2
    finally:
        client.close()


# A killed process ---------------------------------------------------------------------------------------------------------


def test_a_killed_run_goes_on_from_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("run", NEURON, *ENDLESS, "--steps", "100000", "--out", str(out))
    run = subprocess.Popen(command(*words), env=surroundings(tmp_path / "home"), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: snapshot_steps(out)[1:] != () or run.poll() is not None)
    finally:
        run.kill()
        run.wait()
    kept = snapshot_steps(out)[-1]
    assert (out / "lock").exists(), "it had no time to let go of the folder"
    again = studio(tmp_path / "home", "run", NEURON, "--resume", str(out), "--steps", str(kept + 50))
    assert again.returncode == 0, again.stderr
    assert np.array_equal(read_curves(out)["mistakes/made"].steps, np.arange(kept + 50))


def wait_until(done: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
