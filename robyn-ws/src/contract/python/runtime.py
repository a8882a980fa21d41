from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Final, Generic, Literal, NoReturn, TypeAlias, TypedDict, TypeVar
from urllib.parse import quote, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

_Received = TypeVar("_Received")
_Self = TypeVar("_Self", bound="_Connection[Any]")

_LOG = logging.getLogger(__name__)
_MAX_QUEUED = 1024
_ABSENT: Any = object()


class CallError(Exception):
    """An error of JSON-RPC 2.0: the other side has answered a call with it.

    A handler of a call of the server raises it to answer with an error.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


class UnexpectedMessage(Exception):
    """The server has sent a message that the contract does not name."""

    def __init__(self, message: str | bytes) -> None:
        super().__init__("the server has sent a message that is not in the contract")
        self.message = message


class _Connection(Generic[_Received]):
    _subprotocols: ClassVar[Sequence[str]] = ()
    _speaks_json_rpc: ClassVar[bool] = False
    # The messages of the server: texts, bytes, and these kinds of JSON values.
    _gets_text: ClassVar[bool] = False
    _gets_binary: ClassVar[bool] = False
    _gets_json: ClassVar[Sequence[str]] = ()

    def __init__(self, url: str, path: str, query: Mapping[str, Any] | None, options: dict[str, Any]) -> None:
        self._url = url.rstrip("/") + path + _query(query)
        self._options = options
        self._connection: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: BaseException | None = None
        self._is_closing = False
        self._messages: deque[str | bytes] = deque()
        self._notifications: deque[dict[str, Any]] = deque()
        # An item has come, or the connection has ended.
        self._arrived = asyncio.Event()
        # An item was taken, or a call waits for its answer.
        self._room = asyncio.Event()
        self._last_id = 0
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._handlers: dict[str, tuple[Callable[..., Any], str]] = {}
        self._answers: dict[str, tuple[Callable[..., Any], str]] = {}

    @property
    def close_code(self) -> int | None:
        """The close code, or `None` while the connection is open."""
        return None if self._connection is None else self._connection.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason for the close, or `None` while the connection is open."""
        return None if self._connection is None else self._connection.close_reason

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection. Messages that were not read are lost."""
        self._is_closing = True
        self._room.set()
        if self._connection is not None:
            await self._connection.close(code, reason)

    async def __aenter__(self: _Self) -> _Self:
        if self._connection is not None:
            raise RuntimeError("a client connects once: create another one")
        options = dict(self._options)
        if self._subprotocols:
            options.setdefault("subprotocols", list(self._subprotocols))
        self._connection = await connect(self._url, **options)
        # Nothing is read before the caller awaits, so handlers that are set at once miss nothing.
        self._start(self._read(self._connection))
        self._start(self._notify())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def __aiter__(self: _Self) -> _Self:
        return self

    async def __anext__(self) -> _Received:
        while not self._messages:
            if self._end is not None:
                if isinstance(self._end, ConnectionClosedOK):
                    raise StopAsyncIteration
                raise self._end
            await self._wait(self._arrived)
        message = self._messages.popleft()
        self._room.set()
        received: _Received = self._decoded(message)
        return received

    def _opened(self) -> ClientConnection:
        if self._connection is None:
            raise RuntimeError("not connected: use the client in `async with`")
        return self._connection

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, event: asyncio.Event) -> None:
        event.clear()
        await event.wait()

    async def _send(self, message: str | bytes) -> None:
        await self._opened().send(message)

    async def _send_json(self, value: Any) -> None:
        await self._send(_encoded(value))

    async def _read(self, connection: ClientConnection) -> None:
        try:
            while True:
                message = await connection.recv()
                if self._is_closing or (self._speaks_json_rpc and self._dispatched(message)):
                    continue
                if self._speaks_json_rpc and not (self._gets_text or self._gets_binary or self._gets_json):
                    _LOG.warning("a message that is not in the contract is dropped")
                    continue
                self._messages.append(message)
                self._arrived.set()
                await self._has_room()
        except Exception as error:
            self._end = error
        except asyncio.CancelledError:
            self._end = RuntimeError("the client is closed")
        finally:
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(self._end or RuntimeError("the client is closed"))
            self._arrived.set()

    async def _has_room(self) -> None:
        # A call waits for an answer that may stand behind any number of messages.
        while (
            len(self._messages) + len(self._notifications) >= _MAX_QUEUED
            and not self._pending
            and not self._is_closing
        ):
            await self._wait(self._room)

    def _decoded(self, message: str | bytes) -> Any:
        if isinstance(message, str) and self._gets_json:
            try:
                value = json.loads(message)
            except ValueError:
                pass
            else:
                if _kind(value) in self._gets_json:
                    return value
        if not (self._gets_binary if isinstance(message, bytes) else self._gets_text):
            raise UnexpectedMessage(message)
        return message

    # JSON-RPC 2.0

    def _dispatched(self, message: str | bytes) -> bool:
        """Returns `True` for a message of JSON-RPC 2.0, which is taken."""
        if isinstance(message, bytes):
            return False
        try:
            value = json.loads(message)
        except ValueError:
            return False
        if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
            return False
        method = value.get("method")
        if not isinstance(method, str):
            self._answered(value)
        elif "id" in value:
            self._start(self._answer(value))
        elif method in self._handlers:
            self._notifications.append(value)
            self._arrived.set()
        return True

    def _answered(self, answer: dict[str, Any]) -> None:
        key = answer.get("id")
        future = self._pending.get(key) if isinstance(key, int) else None
        if future is None or future.done():
            return
        if "result" in answer:
            future.set_result(answer["result"])
            return
        error = answer.get("error")
        error = error if isinstance(error, dict) else {}
        future.set_exception(CallError(error.get("code", -32603), error.get("message", ""), error.get("data")))

    async def _notify(self) -> None:
        while True:
            while not self._notifications:
                if self._end is not None:
                    return
                await self._wait(self._arrived)
            notification = self._notifications.popleft()
            self._room.set()
            handler, form = self._handlers[notification["method"]]
            try:
                await _handled(handler, form, notification)
            except Exception:
                _LOG.exception("the handler of the notification %r has failed", notification["method"])

    async def _answer(self, call: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        handler = self._answers.get(call["method"])
        try:
            if handler is None:
                raise CallError(-32601, "Method not found")
            text = _encoded({**answer, "result": await _handled(*handler, call)})
        except CallError as error:
            told = {"code": error.code, "message": error.message}
            if error.data is not None:
                told["data"] = error.data
            text = _encoded({**answer, "error": told})
        except Exception:
            _LOG.exception("the handler of the call %r has failed", call["method"])
            text = _encoded({**answer, "error": {"code": -32603, "message": "Internal error"}})
        try:
            await self._send(text)
        except ConnectionClosed:
            pass

    async def _call(self, method: str, params: Any, timeout: float | None) -> Any:
        try:
            return await asyncio.wait_for(self._asked(method, params), timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no answer to the call {method!r} within {timeout} s") from None

    async def _asked(self, method: str, params: Any) -> Any:
        connection = self._opened()
        if self._end is not None:
            raise self._end
        self._last_id += 1
        key = self._last_id
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[key] = future
        self._room.set()
        try:
            call = {"jsonrpc": "2.0", "method": method, "id": key}
            if params is not _ABSENT:
                call["params"] = params if isinstance(params, (dict, list, tuple)) else [params]
            await connection.send(_encoded(call))
            return await future
        finally:
            del self._pending[key]
            if future.done() and not future.cancelled():
                future.exception()


async def _handled(handler: Callable[..., Any], form: str, message: dict[str, Any]) -> Any:
    params = message.get("params")
    if form == "single" and isinstance(params, list) and len(params) == 1:
        params = params[0]
    result = handler() if form == "none" else handler(params)
    return await result if inspect.isawaitable(result) else result


def _encoded(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _text(value: Any) -> str:
    return _encoded(value) if isinstance(value, bool) else str(value)


def _segment(value: Any) -> str:
    return quote(_text(value), safe="")


def _rest(value: Any) -> str:
    return quote(_text(value), safe="/")


def _query(query: Mapping[str, Any] | None) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((name, _text(value)) for value in values if value is not None)
    return "?" + urlencode(pairs) if pairs else ""
