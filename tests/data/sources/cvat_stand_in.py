"""A server that speaks as much of CVAT's documented REST protocol as reading a task takes, and can fail."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "let-me-in"


@dataclass
class StandIn:
    """Task 12 of the server.

    Args:
        xml: The annotations of its export.
        frames: Names and bytes.
        mode: ``annotation`` or ``interpolation``.
        faults: Path prefix to what happens instead, in turn: a status, ``hang``, ``cut``, ``nonsense``, or
            nothing (``None``).
    """

    xml: str
    frames: dict[str, bytes]
    mode: str = "annotation"
    updated: str = "2024-05-11T10:00:00.000000Z"
    start: int = 0
    step: int = 1
    deleted: tuple[int, ...] = ()
    export_polls: int = 2
    export_fails: bool = False
    result_host: str = ""
    archive: bytes = b""
    faults: dict[str, list[object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    polls: int = 0

    def count(self, part: str) -> int:
        """How often an address with this text was asked for."""
        return sum(part in path for path in self.asked)

    def answer(self, method: str, path: str, query: dict[str, list[str]]) -> tuple[int, bytes, str]:
        made: Any = None
        if (method, path) == ("GET", "/api/tasks/12"):
            made = {
                "url": f"{self.url}/api/tasks/12",
                "id": 12,
                "name": "site 3",
                "project_id": None,
                "mode": self.mode,
                "created_date": "2024-05-01T10:00:00.000000Z",
                "updated_date": self.updated,
                "size": len(self.frames),
                "dimension": "2d",
                "jobs": {
                    "count": 1,
                    "completed": 0,
                    "validation": 0,
                    "url": f"{self.url}/api/jobs?task_id=12",
                },
                "labels": {"url": f"{self.url}/api/labels?task_id=12"},
            }
        elif (method, path) == ("GET", "/api/tasks/12/data/meta"):
            video = self.mode == "interpolation"
            names = ["video.mp4"] if video else list(self.frames)
            made = {
                "chunk_size": 36,
                "size": len(self.frames),
                "image_quality": 70,
                "start_frame": self.start,
                "stop_frame": self.start + (len(self.frames) - 1) * self.step,
                "frame_filter": f"step={self.step}" if self.step > 1 else "",
                "chunks_updated_date": self.updated,
                "deleted_frames": list(self.deleted),
                "included_frames": None,
                "frames": [{"name": name, "width": 20, "height": 12, "related_files": 0} for name in names],
            }
        elif (method, path) == ("POST", "/api/tasks/12/dataset/export"):
            wanted = "CVAT for video 1.1" if self.mode == "interpolation" else "CVAT for images 1.1"
            assert query["format"] == [wanted]
            assert query["save_images"][0].lower() == "false"
            return 202, json.dumps({"rq_id": "export:task-12"}).encode(), "application/json"
        elif (method, path) == ("GET", "/api/requests/export:task-12"):
            self.polls += 1
            done = self.polls > self.export_polls
            status = "failed" if done and self.export_fails else "finished" if done else "started"
            made = {
                "id": "export:task-12",
                "status": status,
                "message": "worker was lost" if status == "failed" else "",
                "progress": None,
                "operation": {"type": "export:dataset", "target": "task", "task_id": 12},
                "created_date": self.updated,
                "result_url": f"{self.result_host or self.url}/api/export/1" if done else None,
                "result_id": None,
            }
        elif (method, path) == ("GET", "/api/export/1"):
            return 200, self.archive or self._zip(), "application/zip"
        elif (method, path) == ("GET", "/api/tasks/12/data/"):
            assert (query["type"], query["quality"]) == (["frame"], ["original"])
            return 200, list(self.frames.values())[int(query["number"][0])], "image/png"
        if made is None:
            return 404, b'{"detail": "Not found."}', "application/json"
        return 200, json.dumps(made).encode(), "application/vnd.cvat+json"

    def _zip(self) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("annotations.xml", self.xml)
        return packed.getvalue()


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """The server on the loopback, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._serve()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: tests are quiet."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            stand_in.asked.append(self.path)
            fault = next(
                (
                    list_.pop(0)
                    for start, list_ in stand_in.faults.items()
                    if list_ and self.path.startswith(start)
                ),
                None,
            )
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, data, kind = 401, b'{"detail": "No."}', "application/json"
            elif isinstance(fault, int):
                status, data, kind = fault, b'{"detail": "As told."}', "application/json"
            else:
                status, data, kind = stand_in.answer(self.command, unquote(parts.path), parse_qs(parts.query))
            if fault == "hang":
                time.sleep(1.5)
                return
            if fault == "nonsense":
                data, kind = b'{"id": [1], "size": "many"}', "application/json"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
