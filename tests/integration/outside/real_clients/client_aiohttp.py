"""PyPI's aiohttp."""

import asyncio
import sys

import aiohttp

URL = sys.argv[1]


def same(seen, expected):
    assert seen == expected, f"saw {seen!r:.100}, expected {expected!r:.100}"


async def main():
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{URL}?name=one") as one,
        session.ws_connect(f"{URL}?name=other") as other,
    ):
        same(await one.receive_str(), "hello one")
        same(await other.receive_str(), "hello other")

        for text in ["text", "", "ünïcödé 🦇", "x" * 70_000]:
            await one.send_str(text)
            same(await one.receive_str(), text)
        for data in [bytes([0, 255, 1]), b"\x07" * 100_000]:
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
