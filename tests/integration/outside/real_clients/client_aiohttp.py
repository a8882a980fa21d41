"""PyPI's aiohttp."""

import asyncio
import os
import sys

import aiohttp

URL = sys.argv[1]
KIND = sys.argv[2]


def same(seen, expected):
    assert seen == expected, f"saw {seen!r:.100}, expected {expected!r:.100}"


def json(length):
    objects = (f'{{"id":{i},"price":{i * 31 % 1009}}},' for i in range(length))
    return "".join(objects)[:length]


async def main():
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{URL}?name=one", compress=15) as one,
        session.ws_connect(f"{URL}?name=other", compress=15) as other,
    ):
        same(one.compress > 0, KIND != "plain")
        same(await one.receive_str(), "hello one")
        same(await other.receive_str(), "hello other")

        for text in ["text", "", "ünïcödé 🦇", "x" * 70_000]:
            await one.send_str(text)
            same(await one.receive_str(), text)
        for data in [bytes([0, 255, 1]), b"\x07" * 100_000]:
            await one.send_bytes(data)
            same(await one.receive_bytes(), data)
        for length in [1, 255, 256, 1000, 65_536, 1_000_000]:
            await one.send_str(json(length))
            same(await one.receive_str(), json(length))
            data = os.urandom(length)
            await one.send_bytes(data)
            same(await one.receive_bytes(), data)
        await one.ping(b"there?")

        await one.send_str("all together")
        same(await one.receive_str(), "together")
        same(await other.receive_str(), "together")

        await one.send_str("close enough")
        closed = await one.receive()
        same((closed.type, closed.data, closed.extra), (aiohttp.WSMsgType.CLOSE, 4000, "enough"))
        await other.close(code=4001, message=b"bye")
        same(other.close_code, 4001)


asyncio.run(main())
