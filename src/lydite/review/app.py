"""The page over HTTP: routes, and nothing that decides."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lydite.core import LyditeError, OutputError, UsageError
from lydite.review.access import COOKIE, HEADERS, Access
from lydite.review.cards import card_of
from lydite.review.desk import Desk, Summary
from lydite.review.renditions import SIDES, Renditions
from lydite.review.requests import MAX_ROWS, parse_acts, parse_reviewer, parse_rows

_MAX_BODY = 1 << 20
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Guard:
    """Refuses strangers, and puts the headers of safety on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        shown = request.cookies.get(COOKIE) or request.query_params.get("token") or ""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        why = self._access.refuse(scope["method"], Headers(scope=scope), shown)
        if why:
            await JSONResponse({"error": why}, 403)(scope, receive, guarded)
        elif self._access.token and "token" in request.query_params:
            answer = RedirectResponse("/", 303)
            answer.set_cookie(COOKIE, shown, httponly=True, samesite="strict", path="/")
            await answer(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)


def build_app(desk: Desk, access: Access | None = None) -> ASGIApp:
    """The application for a desk.

    Args:
        desk: The review.
        access: Who may ask; this machine only if not given.
    """
    renditions = Renditions()
    static = {path.name: path.read_bytes() for path in files("lydite.review").joinpath("static").iterdir()}

    def page(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in static:
            return JSONResponse({"error": "There is nothing here."}, 404)
        kind = _TYPES[name[name.rindex(".") :]]
        return Response(static[name], media_type=kind, headers={"cache-control": "no-cache"})

    def hello(request: Request) -> Response:
        reviewer = parse_reviewer(request.query_params.get("reviewer"))
        desk.refresh()
        return JSONResponse(
            {
                "pile": desk.pile.digest,
                "journal": desk.journal_id,
                "kind": "items" if desk.pile.shapes is None else "regions",
                "round": desk.settings.round,
                "coverage": desk.beliefs.coverage,
                "reviewers": desk.reviewers,
                **_standing(desk, reviewer),
            }
        )

    def standing(request: Request) -> Response:
        desk.refresh()
        return JSONResponse(_standing(desk, parse_reviewer(request.query_params.get("reviewer"))))

    def cards(request: Request) -> Response:
        query = request.query_params
        reviewer, queue = parse_reviewer(query.get("reviewer")), query.get("queue", "")
        count = min(int(query.get("count", "12")), MAX_ROWS) if query.get("count", "12").isdecimal() else 12
        desk.refresh()
        rows = desk.next_rows(queue, reviewer, count, parse_rows(query.get("have", "")))
        return JSONResponse({"pile": desk.pile.digest, "cards": [card_of(desk, row, queue) for row in rows]})

    def past(request: Request) -> Response:
        reviewer = parse_reviewer(request.query_params.get("reviewer"))
        found = []
        for verdict in desk.past(reviewer, MAX_ROWS):
            row = desk.pile.rows.get(verdict.subject) if verdict.subject is not None else None
            card = None if row is None else card_of(desk, row, verdict.queue)
            act = {"id": verdict.id, "act": verdict.act.value, "label": verdict.label}
            found.append({**act, "target": verdict.target, "queue": verdict.queue, "card": card})
        return JSONResponse({"acts": found})

    async def acts(request: Request) -> Response:
        body = await _json(request)
        verdicts = parse_acts(body, desk.settings.round, datetime.now(UTC))
        receipts = await run_in_threadpool(desk.submit, verdicts)
        return JSONResponse({"receipts": [asdict(r) for r in receipts], "classes": desk.classes})

    def summary(_request: Request) -> Response:
        desk.refresh()
        return JSONResponse({**summary_values(desk.summary()), "per_class": desk.class_counts()})

    def image(request: Request) -> Response:
        row, side = request.path_params["row"], request.path_params["side"]
        if request.path_params["pile"] != desk.pile.digest or row >= len(desk.pile) or side not in SIDES:
            return JSONResponse({"error": "There is no such picture."}, 404)
        made = renditions.get(desk.pile.paths[row], side)
        height, width = made.size_hw
        kept = {"cache-control": "private, max-age=3600", "x-lydite-size": f"{width}x{height}"}
        return Response(made.data, media_type=made.media_type, headers=kept)

    routes = [
        Route("/", page),
        Route("/static/{name}", page),
        Route("/api/hello", hello),
        Route("/api/standing", standing),
        Route("/api/cards", cards),
        Route("/api/past", past),
        Route("/api/summary", summary),
        Route("/api/acts", acts, methods=["POST"]),
        Route("/image/{pile}/{row:int}/{side:int}", image),
    ]
    app = Starlette(routes=routes, exception_handlers={LyditeError: _refused, ClientDisconnect: _gone})
    return _Guard(app, access or Access())


def serve(desk: Desk, sock: socket.socket, access: Access, ready: Callable[[], None] = lambda: None) -> None:
    """Answer until interrupted.

    Args:
        desk: The review.
        sock: A bound socket.
        access: Who may ask.
        ready: Called once the page can be opened.
    """
    build_server(desk, access, ready).run(sockets=[sock])


def build_server(desk: Desk, access: Access, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """What answers once it is run, and ends soon after its ``should_exit`` is set; see ``serve``."""
    config = uvicorn.Config(
        build_app(desk, access),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    return Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: If the address is taken or none.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"Nothing can listen at {host}, port {port}: {getattr(error, 'strerror', None) or error}.",
            "Choose another --port.",
        ) from error
    return sock


def summary_values(found: Summary) -> dict[str, object]:
    """A summary as plain values; numbers that are not known are ``None``."""
    values = asdict(found)
    values["left"]["estimate"] = _known(found.left.estimate)
    for pair in values["agreements"]:
        pair["kappa"] = _known(pair["kappa"])
    return values


def _standing(desk: Desk, reviewer: str) -> dict[str, object]:
    queues = []
    for count in desk.counts(reviewer):
        about = {"name": count.queue.name, "title": count.queue.title, "about": count.queue.about}
        queues.append({**about, "total": count.total, "done": count.done})
    return {"classes": desk.classes, "queues": queues}


def _known(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN


async def _json(request: Request) -> Any:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > _MAX_BODY:
            raise UsageError("The request is too long.")
    try:
        return json.loads(parts)
    except (ValueError, RecursionError):
        raise UsageError("The request is no JSON.") from None


async def _refused(_request: Request, error: Exception) -> Response:
    """Errors for people, without the folders of this machine."""
    status = 503 if isinstance(error, OutputError) else 400
    return JSONResponse({"error": str(error)}, status)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)
