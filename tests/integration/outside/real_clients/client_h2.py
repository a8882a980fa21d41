"""PyPI's h2 for HTTP/2, and wsproto for the frames: all sockets are streams of one connection."""

import socket
import ssl
import sys
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded
from h2.settings import SettingCodes
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage

URL = urlsplit(sys.argv[1])
SOCKETS = 100


def same(seen, expected):
    assert seen == expected, f"saw {seen!r:.100}, expected {expected!r:.100}"


class Http2:
    def __init__(self):
        context = ssl.create_default_context()
        context.set_alpn_protocols(["h2"])
        tcp = socket.create_connection((URL.hostname, URL.port), timeout=60)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(tcp, server_hostname=URL.hostname)
        same(self.tls.selected_alpn_protocol(), "h2")
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(2**24)
        self.flush()
        self.sockets = {}
        self.settings = {}
        while SettingCodes.ENABLE_CONNECT_PROTOCOL not in self.settings:
            self.read()
        same(self.settings[SettingCodes.ENABLE_CONNECT_PROTOCOL], 1)

    def flush(self):
        self.tls.sendall(self.h2.data_to_send())

    def read(self):
        data = self.tls.recv(65536)
        assert data, "the server ended TCP"
        for event in self.h2.receive_data(data):
            if isinstance(event, RemoteSettingsChanged):
                self.settings.update({code: change.new_value for code, change in event.changed_settings.items()})
            elif isinstance(event, ResponseReceived):
                self.sockets[event.stream_id].answer = dict(event.headers)
            elif isinstance(event, DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.data:
                    self.sockets[event.stream_id].frames.receive_data(event.data)
            elif isinstance(event, StreamEnded):
                self.sockets[event.stream_id].ended = True
        self.flush()


class Socket:
    def __init__(self, http2, name):
        self.http2, self.answer, self.ended, self.events = http2, None, False, []
        self.frames = Connection(ConnectionType.CLIENT)
        self.stream = http2.h2.get_next_available_stream_id()
        http2.sockets[self.stream] = self
        head = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":authority": URL.netloc,
            ":path": f"{URL.path}?name={name}",
            "origin": f"https://{URL.netloc}",
            "sec-websocket-version": "13",
        }
        http2.h2.send_headers(self.stream, list(head.items()))
        http2.flush()
        while self.answer is None:
            http2.read()
        same(self.answer[":status"], "200")
        same(self.receive(), f"hello {name}")

    def send(self, event):
        data = self.frames.send(event)
        while data:
            room = min(self.http2.h2.local_flow_control_window(self.stream), 16384)
            if room == 0:
                self.http2.read()
                continue
            self.http2.h2.send_data(self.stream, data[:room])
            self.http2.flush()
            data = data[room:]

    def next(self):
        while not self.events:
            self.events.extend(self.frames.events())
            if not self.events:
                self.http2.read()
        return self.events.pop(0)

    def receive(self):
        whole = None
        while True:
            event = self.next()
            if isinstance(event, Ping):
                self.send(event.response())
                continue
            if not isinstance(event, Message):
                return event
            whole = event.data if whole is None else whole + event.data
            if event.message_finished:
                return whole


def main():
    http2 = Http2()
    sockets = [Socket(http2, number) for number in range(SOCKETS)]
    one, other = sockets[0], sockets[-1]

    for message in ["text", "", "ünïcödé 🦇", "x" * 200_000]:
        one.send(TextMessage(data=message))
        same(one.receive(), message)
    one.send(BytesMessage(data=b"\x07" * 100_000))
    same(one.receive(), b"\x07" * 100_000)
    one.send(Ping(payload=b"there?"))
    same(one.receive(), Pong(payload=bytearray(b"there?")))

    one.send(TextMessage(data="all together"))
    for socket in sockets:
        same(socket.receive(), "together")

    one.send(TextMessage(data="close enough"))
    closed = one.receive()
    same((closed.code, closed.reason), (4000, "enough"))
    one.send(closed.response())
    other.send(CloseConnection(code=4001, reason="bye"))
    same(other.receive().code, 4001)
    for socket in (one, other):
        while not socket.ended:
            http2.read()


main()
