"""Real servers for tests: started by the command, or by what the command calls."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
import polars as pl

from lydite.cli.commands.review import open_desk
from lydite.cli.review_source import open_source
from lydite.review import ReviewSettings
from lydite.review.access import Access
from lydite.review.app import build_server, listen
from pictures import Pixels, save
from support import REPOSITORY


@dataclass
class Place:
    """Where a page is."""

    url: str
    port: int


@dataclass
class Server(Place):
    """A running ``lydite review serve``."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def start(source: Path, *more: object, port: int = 0) -> Server:
    """Start the command and wait until it says where the page is."""
    command = [sys.executable, "-m", "lydite.cli.start", "review", "serve", str(source), "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    process = subprocess.Popen(
        [*command, *map(str, more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"(http://[^/]+:(\d+)/\S*)", line)
        if found:
            return Server(found[1], int(found[2]), process)
    raise AssertionError("".join(said))


@contextmanager
def serving(source: Path, *more: object, port: int = 0) -> Iterator[Server]:
    """A server that ends with the block."""
    server = start(source, *more, port=port)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait()
        if server.process.stdout:
            server.process.stdout.close()


@contextmanager
def answering(
    source: Path, *, predictions: Sequence[Path] = (), findings: Sequence[Path] = (), **settings: object
) -> Iterator[Place]:
    """The page that the command serves, from a thread of this process: it is there in an instant."""
    desk, book = open_desk(open_source(source, None), ReviewSettings(**settings), predictions, findings)
    sock, begun = listen("127.0.0.1", 0), Event()
    server = build_server(desk, Access(), begun.set)
    thread = Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        begun.wait()
        port = sock.getsockname()[1]
        yield Place(f"http://127.0.0.1:{port}/", port)
    finally:
        server.should_exit = True
        thread.join()
        book.close()


def plain(size_hw: tuple[int, int], number: int) -> Pixels:
    """A picture of one colour that tells its number."""
    rng = np.random.default_rng(number)
    return np.broadcast_to(rng.integers(30, 226, 3, dtype=np.uint8), (*size_hw, 3)).copy()


def write_folder(root: Path, classes: int, each: int, size_hw: tuple[int, int] = (60, 80)) -> Path:
    """``root/class-00/0.png`` and so on."""
    for number in range(classes):
        for k in range(each):
            save(plain(size_hw, number * each + k), root / f"class-{number:02d}" / f"{k}.png")
    return root


def write_predictions(root: Path, path: Path, wrong: int = 2) -> Path:
    """Out-of-fold probabilities; the first ``wrong`` pictures of each class are taken for the next class."""
    names = sorted(p.name for p in root.iterdir())
    rows = []
    for place, name in enumerate(names):
        for picture in sorted((root / name).iterdir()):
            believed = (place + 1) % len(names) if int(picture.stem) < wrong else place
            values = [0.1 / (len(names) - 1)] * len(names)
            values[believed] = 0.9
            rows.append(
                {"item": f"images:{name}/{picture.name}", "fold": 0} | dict(zip(names, values, strict=True))
            )
    pl.DataFrame(rows).write_parquet(path)
    return path
