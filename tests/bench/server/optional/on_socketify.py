"""uWebSockets (C++) through socketify: `on_socketify.py PORT`.

Python is called for each message that comes; a publication reaches its subscribers in C++.
"""

import sys

from socketify import App, AppListenOptions

EVERYONE = "everyone"

# In bytes: what is longer is refused, and a client for whom more waits misses messages.
LIMITS = {"max_payload_length": 1024 * 1024, "max_backpressure": 1024 * 1024}


def echo(ws, message, opcode):
    ws.send(message, opcode)


def enter_all(ws):
    ws.subscribe(EVERYONE)


def tell_all(ws, message, opcode):
    app.publish(EVERYONE, message, opcode)


def choose_room(response, request, socket_context):
    room = request.get_parameter(0)
    names = ("key", "protocol", "extensions")
    key, protocol, extensions = (request.get_header(f"sec-websocket-{name}") for name in names)
    response.upgrade(key, protocol, extensions, socket_context, room)


def enter_room(ws):
    ws.subscribe(ws.get_user_data())


def tell_room(ws, message, opcode):
    app.publish(ws.get_user_data(), message, opcode)


app = App()
app.ws("/echo", {**LIMITS, "message": echo})
app.ws("/fan_out", {**LIMITS, "open": enter_all, "message": tell_all})
app.ws("/rooms/:room", {**LIMITS, "upgrade": choose_room, "open": enter_room, "message": tell_room})
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
# `app.run()` would give asyncio its turns beside this loop. Nothing here needs it, and for as long as there is traffic it
# asks both in turn and never waits, so that its CPU would be the time that passes.
app.loop.uv_loop.run()
