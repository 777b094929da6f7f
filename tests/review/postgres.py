"""A real PostgreSQL on loopback, started once a session; each test gets a database of its own."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from support import absent, need_module


def postgres_url() -> str:
    """Address of a new, empty database."""
    need_module("psycopg")
    import psycopg

    port = _server()
    name = f"lydite_{secrets.token_hex(6)}"
    with psycopg.connect(
        f"host=127.0.0.1 port={port} user=lydite dbname=postgres", autocommit=True
    ) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://lydite@127.0.0.1:{port}/{name}"


def _program(name: str) -> str:
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True), shutil.which(name)]
    path = next((str(path) for path in found if path), None)
    if path is None:
        absent("PostgreSQL")
    return path


@cache
def _server() -> int:
    """The port of a server that ends with this process."""
    initdb, postgres = _program("initdb"), _program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="lydite-postgres-"))
    as_whom: dict[str, object] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_whom = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"
    command = [
        initdb,
        "-D",
        str(data),
        "-U",
        "lydite",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **as_whom)  # type: ignore[call-overload]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen(  # type: ignore[call-overload]
        [postgres, "-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **as_whom,
    )

    def stop() -> None:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    _wait(port)
    return port


def _wait(port: int) -> None:
    import psycopg

    for _ in range(600):
        try:
            psycopg.connect(
                f"host=127.0.0.1 port={port} user=lydite dbname=postgres connect_timeout=1"
            ).close()
        except psycopg.OperationalError:
            import time

            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")
