"""Who may ask, and that nothing but the pictures of the review is ever given out."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lydite.review.access import Access, is_loopback
from pictures import save
from review.serving import Server, plain, serving, write_folder

PAGE = {"sec-fetch-site": "same-origin", "content-type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("access")
    (root / "secret.txt").write_text("secret")
    with serving(write_folder(root / "photos", 2, 2)) as running:
        yield running


def ask(
    server: Server, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """A request exactly as given: no client tidies the path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="host" in named)
    for name, value in named.items():
        connection.putheader(name, value)
    data = (body or "").encode()
    connection.putheader("content-length", str(len(data)))
    connection.endheaders(data)
    answer = connection.getresponse()
    found = (answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()})
    connection.close()
    return found


def pile(server: Server) -> str:
    return str(json.loads(ask(server, "/api/hello?reviewer=anna")[1])["pile"])


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/static/../../../../secret.txt",
        "/static/..%2f..%2fsecret.txt",
        "/static/%2e%2e/desk.py",
        "/static//etc/passwd",
        "/image/PILE/../../secret.txt",
        "/image/PILE/99/1600",
        "/image/PILE/-1/1600",
        "/image/PILE/0/999999",
        "/image/other/0/1600",
        "/image/PILE/%2e%2e%2fsecret.txt/1600",
        "/secret.txt",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_path_leads_out(server: Server, path: str) -> None:
    status, body, _ = ask(server, path.replace("PILE", pile(server)))
    assert status == 404
    assert b"secret" not in body


def test_pictures_come_as_bare_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert('exif')</script>"
    (tmp_path / "p" / "a").mkdir(parents=True)
    Image.fromarray(plain((700, 900), 1)).save(
        tmp_path / "p" / "a" / "x.jpg", exif=exif, comment=b"<b>hello</b>"
    )
    with serving(tmp_path / "p") as running:
        for side in (480, 1600):
            status, body, headers = ask(running, f"/image/{pile(running)}/0/{side}")
            assert status == 200
            assert headers["content-type"] in {"image/jpeg", "image/png"}
            assert headers["x-content-type-options"] == "nosniff"
            assert b"script" not in body
            assert b"hello" not in body


def test_every_answer_bears_the_policy(server: Server) -> None:
    for path in ("/", "/nothing", "/api/summary", "/static/main.js"):
        headers = ask(server, path)[2]
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ({"host": "evil.example"}, "GET"),
        ({"host": "127.0.0.1.evil.example"}, "GET"),
        ({"origin": "http://evil.example"}, "GET"),
        ({"origin": "null"}, "GET"),
        ({"sec_fetch_site": "cross-site"}, "GET"),
        ({"sec_fetch_site": "same-site"}, "GET"),
        ({"content_type": "application/json"}, "POST"),
        ({"content_type": "application/json", "origin": "http://evil.example"}, "POST"),
        ({"content_type": "text/plain", "sec_fetch_site": "same-origin"}, "POST"),
        ({"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}, "POST"),
    ],
)
def test_other_pages_are_refused(server: Server, headers: dict[str, str], method: str) -> None:
    path = "/api/acts" if method == "POST" else "/api/hello?reviewer=anna"
    status, body, _ = ask(server, path, method, '{"reviewer": "anna", "acts": []}', **headers)
    assert status == 403
    assert b"error" in body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "is no JSON"),
        ("[]", "must be an object with 'reviewer'"),
        ('{"reviewer": 3, "acts": []}', "reviewer must be a name"),
        ('{"reviewer": "anna", "acts": {}}', "acts must be a list"),
        ('{"reviewer": "anna", "acts": [3]}', "An act must be an object"),
        ('{"reviewer": "anna", "acts": [{"act": "burn", "id": "12345678"}]}', "act must be one of keep"),
        ('{"reviewer": "anna", "acts": [{"act": "trash", "id": "1"}]}', "Verdict.id must be"),
        ('{"reviewer": "anna", "acts": [{"act": "trash", "id": "12345678", "item": "x"}]}', "source:path"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_bad_bodies_are_refused_with_a_reason(server: Server, body: str, says: str) -> None:
    status, answer, _ = ask(
        server, "/api/acts", "POST", body, **{k.replace("-", "_"): v for k, v in PAGE.items()}
    )
    assert status == 400
    assert says in json.loads(answer)["error"]


def test_too_long_a_body_is_refused(server: Server) -> None:
    status, answer, _ = ask(
        server,
        "/api/acts",
        "POST",
        " " * (1 << 21),
        content_type="application/json",
        sec_fetch_site="same-origin",
    )
    assert status == 400
    assert b"too long" in answer


def test_acts_on_strangers_are_refused_one_by_one(server: Server) -> None:
    acts = [
        {"act": "trash", "id": "act-00000001", "item": "images:../secret.txt"},
        {"act": "keep", "id": "act-00000002", "item": "images:class-00/0.png", "label": "class-00"},
        {"act": "undo", "id": "act-00000003", "undoes": "act-00000009"},
    ]
    body = json.dumps({"reviewer": "anna", "acts": acts})
    answers = [
        json.loads(ask(server, "/api/acts", "POST", body, content_type="application/json", origin=own)[1])
        for own in [f"http://127.0.0.1:{server.port}"] * 2
    ]
    for answer in answers:
        assert [bool(receipt["error"]) for receipt in answer["receipts"]] == [True, False, True]
    assert answers[0]["receipts"][1] == answers[1]["receipts"][1]


def test_a_token_is_needed_where_others_can_reach_the_port(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    save(plain((20, 20), 1), folder / "a" / "1.png")
    with serving(folder, "--host", "0.0.0.0") as running:
        assert "?token=" in running.url
        token = running.url.split("token=")[1]
        assert len(token) >= 20
        assert ask(running, "/")[0] == 403
        assert ask(running, "/?token=guess")[0] == 403
        status, _, headers = ask(running, f"/?token={token}")
        assert status == 303
        cookie = headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert ask(running, "/", cookie=cookie.split(";")[0])[0] == 200
        assert ask(running, "/", cookie="lydite-token=")[0] == 403


def test_only_names_of_this_machine_are_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "localhost.evil", "192.168.1.4", "[::1]", "127.0.0.1.x")))
    assert Access().refuse("GET", {"host": "[::1]:80"}, "") == ""
