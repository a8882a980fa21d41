// ws for node, on node's own HTTP server: `on_ws.js PORT`.

'use strict';

const { createServer } = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');

const CITY = 'Gotham';
const TEXT = { binary: false };

/** The sockets of each path that passes on what is said there. */
const rooms = new Map();

function echo(socket) {
  socket.on('message', (data) => socket.send(data, TEXT));
}

function typed(socket) {
  let messages = 0;
  socket.on('message', (data) => {
    messages += 1;
    socket.send(answer(data));
  });
}

function converse(socket, path, publication) {
  const room = rooms.get(path) ?? new Set();
  rooms.set(path, room.add(socket));
  socket.on('message', (data) => broadcast(room, publication(data)));
  socket.on('close', () => room.delete(socket));
}

function broadcast(room, data) {
  for (const socket of room) {
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(data, TEXT);
    }
  }
}

function answer(data) {
  return JSON.stringify({ city: CITY, ...JSON.parse(data) });
}

const upgrades = new WebSocketServer({ noServer: true, clientTracking: false });

upgrades.on('connection', (socket, { url }) => {
  socket.on('error', () => socket.terminate());
  switch (url) {
    case '/echo':
      return echo(socket);
    case '/typed':
      return typed(socket);
    case '/typed_fan_out':
      return converse(socket, url, answer);
    default:
      return converse(socket, url, (data) => data);
  }
});

const server = createServer();
server.on('upgrade', (request, socket, head) => {
  upgrades.handleUpgrade(request, socket, head, (upgraded) => upgrades.emit('connection', upgraded, request));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
