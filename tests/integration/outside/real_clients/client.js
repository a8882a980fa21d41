// npm's ws.
const assert = require("node:assert");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const WebSocket = require("ws");

const url = process.argv[2];
const kind = process.argv[3];

// Messages may come before anybody asks for them.
async function connect(name) {
  const socket = new WebSocket(`${url}?name=${name}`, { perMessageDeflate: { threshold: 0 } });
  const queue = [];
  const waiting = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    waiting.length ? waiting.shift()(message) : queue.push(message);
  });
  const closed = once(socket, "close");
  await once(socket, "open");
  assert.strictEqual(socket.extensions, kind === "plain" ? "" : "permessage-deflate");
  const receive = () => (queue.length ? queue.shift() : new Promise((resolve) => waiting.push(resolve)));
  assert.strictEqual(await receive(), `hello ${name}`);
  return { socket, receive, closed };
}

function json(length) {
  let text = "";
  for (let id = 0; text.length < length; id++) text += `{"id":${id},"price":${(id * 31) % 1009}},`;
  return text.slice(0, length);
}

async function main() {
  const one = await connect("one");
  const other = await connect("other");

  for (const message of ["text", "", "ünïcödé 🦇", Buffer.from([0, 255, 1]), Buffer.alloc(100_000, 7), "x".repeat(70_000)]) {
    one.socket.send(message);
    assert.deepStrictEqual(await one.receive(), message);
  }
  for (const length of [1, 255, 256, 1000, 65_535, 65_536, 300_000, 1_000_000, 1_048_576]) {
    for (const message of [json(length), Buffer.from(json(length)), randomBytes(length)]) {
      one.socket.send(message);
      assert.deepStrictEqual(await one.receive(), message);
    }
  }
  const pong = once(one.socket, "pong");
  one.socket.ping("there?");
  assert.strictEqual((await pong)[0].toString(), "there?");

  one.socket.send("all together");
  assert.strictEqual(await one.receive(), "together");
  assert.strictEqual(await other.receive(), "together");
  for (const length of [1000, 1000, 20_000, 300_000]) {
    one.socket.send(`all ${json(length)}`);
    assert.strictEqual(await one.receive(), json(length));
    assert.strictEqual(await other.receive(), json(length));
  }

  one.socket.send("close enough");
  const [code, reason] = await one.closed;
  assert.deepStrictEqual([code, reason.toString()], [4000, "enough"]);
  other.socket.close(4001, "bye");
  assert.strictEqual((await other.closed)[0], 4001);
}

main();
