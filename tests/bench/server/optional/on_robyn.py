"""Robyn (Python on Rust): `on_robyn.py PORT`, as its documentation writes it.

It reads flags of its own behind the port. One process with one worker is its default.
"""

import sys

import orjson
from robyn import Robyn

CITY = "Gotham"

app = Robyn(__file__)


@app.websocket("/echo")
async def echo(websocket):
    while True:
        await websocket.send_text(await websocket.receive_text())


@app.websocket("/fan_out")
async def fan_out(websocket):
    while True:
        await websocket.broadcast(await websocket.receive_text())


@app.websocket("/typed")
async def typed(websocket):
    messages = 0
    while True:
        said = await websocket.receive_json()
        messages += 1
        await websocket.send_json({"city": CITY, **said})


@app.websocket("/typed_fan_out")
async def typed_fan_out(websocket):
    messages = 0
    while True:
        said = await websocket.receive_json()
        messages += 1
        await websocket.broadcast(orjson.dumps({"city": CITY, **said}).decode())


app.start(host="127.0.0.1", port=int(sys.argv[1]))
