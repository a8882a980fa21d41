"""PyPI's jsonrpcclient over websockets."""

import asyncio
import json
import sys

from jsonrpcclient import Error, Ok, notification, parse, request
from websockets.asyncio.client import connect

URL = sys.argv[1]


def same(seen, expected):
    assert seen == expected, f"saw {seen!r:.200}, expected {expected!r:.200}"


async def main():
    async with connect(URL, subprotocols=["jsonrpc-2.0"]) as socket:
        same(socket.subprotocol, "jsonrpc-2.0")

        async def call(method, params=None):
            message = request(method, params=params)
            await socket.send(json.dumps(message))
            answer = parse(json.loads(await socket.recv()))
            same(answer.id, message["id"])
            return answer

        same((await call("subtract", (42, 23))).result, 19)
        same((await call("subtract", {"subtrahend": 23, "minuend": 42})).result, 19)
        same((await call("echo", {"ünïcödé 🦇": [1, None, "x"]})).result, {"ünïcödé 🦇": [1, None, "x"]})
        same((await call("nothing")).result, None)
        for answer, code in [
            (await call("foobar"), -32601),
            (await call("subtract", {"minuend": "x", "subtrahend": 1}), -32602),
            (await call("fail"), -32603),
        ]:
            assert isinstance(answer, Error)
            same(answer.code, code)
        refused = await call("refuse", (5,))
        same((refused.code, refused.message, refused.data), (402, "pay first", [5]))

        batch = [request("subtract", params=(i, 1)) for i in range(50)] + [notification("tell", params=("all",))]
        await socket.send(json.dumps(batch))
        same(json.loads(await socket.recv()), {"jsonrpc": "2.0", "method": "said", "params": ["all"]})
        answers = list(parse(json.loads(await socket.recv())))
        assert all(isinstance(answer, Ok) for answer in answers)
        same([answer.result for answer in answers], [i - 1 for i in range(50)])

        await socket.send(json.dumps(request("ask", params=("double", 21), id="ask")))
        asked = json.loads(await socket.recv())
        same((asked["method"], asked["params"]), ("double", [21]))
        await socket.send(json.dumps({"jsonrpc": "2.0", "result": 42, "id": asked["id"]}))
        same(parse(json.loads(await socket.recv())), Ok("Ok(42)", "ask"))


asyncio.run(main())
