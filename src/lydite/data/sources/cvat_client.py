"""What is asked of a CVAT server, through cvat-sdk; whatever goes wrong there is a ``ServerError``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

from lydite.core import MissingExtra, ServerError
from lydite.data.files import atomic_path
from lydite.data.image import ImageLimits

_FORMATS = {False: "CVAT for images 1.1", True: "CVAT for video 1.1"}
_TRIES = 3
_POLL_S = (0.1, 5.0)
_LONGEST_EXPORT_S = 4 * 3600.0
_MOST_FRAMES = 5_000_000
_MOST_EXPORT_BYTES = 1 << 33
_PIECE_BYTES = 1 << 20
_STEP = "step="


@dataclass(frozen=True, slots=True)
class CvatTask:
    """A task.

    Args:
        number: Its number.
        is_video: Whether its frames have numbers instead of names.
        updated: When it was last changed, as the server writes it.
        frames: Index of each frame that is not deleted, and its name; without a suffix in a video.
    """

    number: int
    is_video: bool
    updated: str
    frames: tuple[tuple[int, str], ...]


class CvatClient:
    """A connection.

    Args:
        host: ``https://server``.
        token: Access token; none for a server that asks for none.
        timeout_s: How long the server may be silent in one answer, and how long it may take to connect.

    Raises:
        MissingExtra: If cvat-sdk is not installed.
    """

    def __init__(self, host: str, token: str | None, timeout_s: float) -> None:
        try:
            import urllib3
            from cvat_sdk.api_client import ApiClient, Configuration
        except ImportError as error:
            raise MissingExtra("Reading a task from a CVAT server", "cvat") from error
        self.host = host
        self._timeout = (timeout_s, timeout_s)
        setup = Configuration(host=host)
        setup.access_token = token
        # A server's own wish to wait is not asked for: it could be a day.
        setup.retries = urllib3.Retry(
            _TRIES,
            backoff_factor=0.1,
            status_forcelist=(429, 502, 503, 504),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        self._api: Any = ApiClient(setup)

    def __enter__(self) -> CvatClient:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connection."""
        self._api.close()

    def get_task(self, number: int) -> CvatTask:
        """What a task is.

        Raises:
            ServerError: If the server does not tell.
        """
        with self._errors(f"task {number}"):
            task, _ = self._api.tasks_api.retrieve(number, _request_timeout=self._timeout)
            meta, _ = self._api.tasks_api.retrieve_data_meta(number, _request_timeout=self._timeout)
            is_video = str(task.mode) == "interpolation"
            size, gone = int(task.size), {int(index) for index in meta.deleted_frames}
            if not 0 <= size <= _MOST_FRAMES:
                raise ValueError(f"a task of {size} frames")
            start, step = int(meta.start_frame), _step(str(meta.frame_filter or ""))
            if is_video:
                names = [f"frame_{start + index * step:06d}" for index in range(size)]
            else:
                names = [str(frame.name) for frame in meta.frames]
                if len(names) != size:
                    raise ValueError(f"{len(names)} names for {size} frames")
            frames = tuple((index, name) for index, name in enumerate(names) if index not in gone)
            return CvatTask(number, is_video, str(task.updated_date), frames)

    def export(self, task: CvatTask, target: Path) -> None:
        """Have the server write a task's annotations, wait for that, and fetch the file.

        Raises:
            ServerError: If the server fails to.
        """
        with self._errors(f"the export of task {task.number}"):
            asked, _ = self._api.tasks_api.create_dataset_export(
                _FORMATS[task.is_video], task.number, save_images=False, _request_timeout=self._timeout
            )
            url = urljoin(f"{self.host}/", self._wait(str(asked.rq_id)))
            if urlsplit(url)[:2] != urlsplit(self.host)[:2]:
                # The token would go to whoever the address names.
                raise ServerError(
                    self.host, "sends the export from another server", "Export it by hand.", url
                )
            answer = self._api.rest_client.GET(
                url, headers=self._headers(), _request_timeout=self._timeout, _parse_response=False
            )
            with answer, atomic_path(target) as temporary, temporary.open("wb") as file:
                size = 0
                while piece := answer.read(_PIECE_BYTES):
                    size += len(piece)
                    if size > _MOST_EXPORT_BYTES:
                        raise ValueError(f"an export of more than {_MOST_EXPORT_BYTES} bytes")
                    file.write(piece)

    def get_frame(self, task: CvatTask, index: int, kept: int) -> bytes | None:
        """The file of a frame in original quality; none if the server refuses this one.

        Args:
            task: The task.
            index: Number of the frame in it, from 0.
            kept: How many frames came before, for the message when the connection breaks.

        Raises:
            ServerError: If the server cannot be reached any more, or refuses all.
        """
        from cvat_sdk.api_client.exceptions import ApiException

        done = f"frame {index} of task {task.number} ({kept} of {len(task.frames)} are kept)"
        with self._errors(done):
            try:
                _, answer = self._api.tasks_api.retrieve_data(
                    task.number,
                    number=index,
                    quality="original",
                    type="frame",
                    _request_timeout=self._timeout,
                    _parse_response=False,
                )
            except ApiException as error:
                if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                    raise
                return None
            with answer:
                most = ImageLimits().max_bytes
                data: bytes = answer.read(most + 1)
                return data if 0 < len(data) <= most else None

    def _wait(self, request: str) -> str:
        """The address of a file once the server has written it."""
        waited, pause = 0.0, _POLL_S[0]
        while waited < _LONGEST_EXPORT_S:
            state, _ = self._api.requests_api.retrieve(request, _request_timeout=self._timeout)
            status = str(state.status.value)
            if status == "finished":
                return str(state.result_url)
            if status == "failed":
                raise ValueError(f"it failed: {state.message}")
            time.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, _POLL_S[1])
        raise ValueError(f"not finished after {waited:.0f} s")

    def _headers(self) -> dict[str, str]:
        headers = dict(self._api.default_headers)
        self._api.update_params_for_auth(headers, [], self._api.configuration.auth_settings().keys())
        return headers

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Errors of the connection, of HTTP and of answers that are not as documented."""
        from cvat_sdk.api_client.exceptions import ApiException, OpenApiException
        from urllib3.exceptions import HTTPError

        again = "Give the same command again: what was fetched is kept."
        try:
            yield
        except ApiException as error:
            reason = f"answers {error.status} ({error.reason}) about {what}"
            refused = error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
            remedy = "Check the token and what it may read." if refused else again
            if error.status == HTTPStatus.NOT_FOUND:
                remedy = "Check the number of the task."
            raise ServerError(self.host, reason, remedy) from error
        except HTTPError as error:
            raise ServerError(self.host, f"does not answer about {what}: {_cause(error)}", again) from error
        except ServerError:
            raise
        except (OpenApiException, ValueError, TypeError, AttributeError, KeyError, LookupError) as error:
            raise ServerError(
                self.host, f"does not answer as documented about {what}: {error}", "Check its version."
            ) from error


def _step(text: str) -> int:
    return max(1, int(text.partition(_STEP)[2])) if text.startswith(_STEP) else 1


def _cause(error: Exception) -> str:
    """The innermost reason, in a word: urllib3 wraps it in the whole request."""
    reason = getattr(error, "reason", None)
    return type(reason).__name__ if isinstance(reason, Exception) else type(error).__name__
