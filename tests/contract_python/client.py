"""Talks to the app of the test, with the clients of its contract."""

from __future__ import annotations

import asyncio
import sys

from websockets.exceptions import ConnectionClosedError

from contract import Answer, CallError, Said, TalkCalls, Talk, TalkMixed


async def messages(url: str) -> None:
    async with Talk(url, room="a/b c?é", query={"token": "x&y=z", "loud": True, "limit": 7}) as talk:
        entered = await talk.__anext__()
        assert entered == {"type": "Entered", "room": "a/b c?é", "token": "x&y=z", "loud": True, "limit": 7}, entered
        await talk.send({"text": "ü", "times": 3})
        async for message in talk:
            if message["type"] == "Entered":
                raise AssertionError(message["token"])
            assert message["text"] == "üüü", message
            break
        await talk.send({"text": "bye"})
        try:
            await talk.__anext__()
        except ConnectionClosedError:
            assert (talk.close_code, talk.close_reason) == (Talk.CLOSE_POLICY, "bye")
        else:
            raise AssertionError("the connection is closed")


async def mixed(url: str) -> None:
    got: list[str | bytes | Said] = []
    async with TalkMixed(url + "/", number=7, rest="x/y") as client:
        for text in ["bytes", "json", "hello", "close"]:
            await client.send(text)
        async for message in client:
            got.append(message)
    assert got == [b"\x07", {"room": "x/y", "text": "json"}, "[hello]", "closing"], got
    assert client.close_code == client.CLOSE_NORMAL


async def calls(url: str) -> None:
    told: list[object] = []
    ticked = asyncio.Event()
    calls = TalkCalls(url)

    @calls.on_said
    async def said(said: Said) -> None:
        # A handler may call: its answer is read meanwhile.
        told.append((said["text"], await calls.call_math_add([1, len(told)])))

    async with calls:
        calls.on_count(told.append)
        calls.on_tick(ticked.set)
        assert await calls.call_math_add([40, 2]) == 42
        answers = await asyncio.gather(*(calls.call_math_add([number, 1]) for number in range(50)))
        assert answers == list(range(1, 51)), answers
        await calls.call_nothing()
        try:
            await calls.call_refuse("data")
        except CallError as error:
            assert (error.code, error.message, error.data) == (402, "pay first", "data")
        else:
            raise AssertionError("it is refused")
        await calls.call_tell({"text": "hi", "times": 3})
        await asyncio.wait_for(ticked.wait(), 60)
        assert told == [("hi", 1), 3], told

        assert await calls.call_ask("?") == "-32601 Method not found"
        assert await asked(calls, lambda text: {"number": len(text)}) == "answered 3"
        calls.answer_confirm(answer_later)
        assert await calls.call_ask("four") == "answered 4"
        assert await asked(calls, refuse) == "7 no"

        try:
            await calls.call_wait(timeout=0.05)
        except TimeoutError:
            pass
        else:
            raise AssertionError("it is not answered")
        waiting = asyncio.ensure_future(calls.call_wait())
        await asyncio.sleep(0)
        await calls.close()
        try:
            await waiting
        except Exception as error:
            assert "1000" in str(error), error
        else:
            raise AssertionError("it is not answered")


async def asked(calls: TalkCalls, answer: object) -> str:
    calls.answer_confirm(answer)  # type: ignore[arg-type]
    return await calls.call_ask("abc")


async def answer_later(text: str) -> Answer:
    await asyncio.sleep(0)
    return {"number": len(text)}


def refuse(text: str) -> Answer:
    raise CallError(7, "no", {"text": text})


async def main(url: str) -> None:
    await messages(url)
    await mixed(url)
    await calls(url)


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 90))
