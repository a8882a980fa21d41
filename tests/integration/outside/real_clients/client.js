// npm's ws.
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");

const url = process.argv[2];

// Messages may come before anybody asks for them.
async function connect(name) {
  const socket = new WebSocket(`${url}?name=${name}`);
  const queue = [];
  const waiting = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    waiting.length ? waiting.shift()(message) : queue.push(message);
  });
  const closed = once(socket, "close");
  await once(socket, "open");
  const receive = () => (queue.length ? queue.shift() : new Promise((resolve) => waiting.push(resolve)));
  assert.strictEqual(await receive(), `hello ${name}`);
  return { socket, receive, closed };
}

async function main() {
  const one = await connect("one");
  const other = await connect("other");

  for (const message of ["text", "", "ünïcödé 🦇", Buffer.from([0, 255, 1]), Buffer.alloc(100_000, 7), "x".repeat(70_000)]) {
    one.socket.send(message);
    assert.deepStrictEqual(await one.receive(), message);
  }
  const pong = once(one.socket, "pong");
  one.socket.ping("there?");
  assert.strictEqual((await pong)[0].toString(), "there?");

  one.socket.send("all together");
  assert.strictEqual(await one.receive(), "together");
  assert.strictEqual(await other.receive(), "together");

  one.socket.send("close enough");
  const [code, reason] = await one.closed;
  assert.deepStrictEqual([code, reason.toString()], [4000, "enough"]);
  other.socket.close(4001, "bye");
  assert.strictEqual((await other.closed)[0], 4001);
}

main();
