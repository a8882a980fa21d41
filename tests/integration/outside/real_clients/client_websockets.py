"""PyPI's websockets."""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL = sys.argv[1]
KIND = sys.argv[2]


def same(seen, expected):
    assert seen == expected, f"saw {seen!r:.100}, expected {expected!r:.100}"


def json(length):
    objects = (f'{{"id":{i},"price":{i * 31 % 1009}}},' for i in range(length))
    return "".join(objects)[:length]


async def main():
    async with connect(f"{URL}?name=one") as one, connect(f"{URL}?name=other") as other:
        compressed = "Sec-WebSocket-Extensions" in one.response.headers
        same(compressed, KIND != "plain")
        same(await one.recv(), "hello one")
        same(await other.recv(), "hello other")

        for message in ["text", "", "ünïcödé 🦇", bytes([0, 255, 1]), b"\x07" * 100_000, "x" * 70_000]:
            await one.send(message)
            same(await one.recv(), message)
        for length in [0, 1, 255, 256, 1000, 65_535, 65_536, 300_000, 1_000_000, 1_048_576]:
            for message in [json(length), json(length).encode(), os.urandom(length), "", b""]:
                await one.send(message)
                same(await one.recv(), message)
        await one.send(["in ", "frag", "ments"])
        same(await one.recv(), "in fragments")
        await (await one.ping())

        await one.send("all together")
        same(await one.recv(), "together")
        same(await other.recv(), "together")
        for length in [1000, 1000, 20_000, 300_000]:
            await one.send("all " + json(length))
            same(await one.recv(), json(length))
            same(await other.recv(), json(length))

        await one.send("close enough")
        try:
            same(await one.recv(), "the end")
        except ConnectionClosed as closed:
            same((closed.rcvd.code, closed.rcvd.reason), (4000, "enough"))
        await other.close(4001, "bye")
        same(other.close_code, 4001)


asyncio.run(main())
