// npm's json-rpc-2.0 over ws.

const assert = require("node:assert");
const { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient, JSONRPCErrorException } = require("json-rpc-2.0");
const WebSocket = require("ws");

const URL = process.argv[2];

async function main() {
  const socket = new WebSocket(URL, "jsonrpc-2.0");
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  assert.strictEqual(socket.protocol, "jsonrpc-2.0");

  const peer = new JSONRPCServerAndClient(
    new JSONRPCServer(),
    new JSONRPCClient((request) => socket.send(JSON.stringify(request))),
  );
  const said = [];
  peer.addMethod("said", (params) => { said.push(params); });
  peer.addMethod("double", ([number]) => number * 2);
  peer.addMethod("refuse", () => { throw new JSONRPCErrorException("not today", 7, { why: "closed" }); });
  socket.on("message", (data) => peer.receiveAndSend(JSON.parse(data.toString())));

  assert.strictEqual(await peer.request("subtract", [42, 23]), 19);
  assert.strictEqual(await peer.request("subtract", { subtrahend: 23, minuend: 42 }), 19);
  assert.deepStrictEqual(await peer.request("echo", { "ünïcödé 🦇": [1, null, "x"] }), { "ünïcödé 🦇": [1, null, "x"] });
  assert.strictEqual(await peer.request("nothing"), null);
  const error = async (...call) => peer.request(...call).then(() => assert.fail("an error was expected"), (error) => error);
  assert.strictEqual((await error("foobar")).code, -32601);
  assert.strictEqual((await error("subtract", { minuend: "x", subtrahend: 1 })).code, -32602);
  assert.strictEqual((await error("fail")).code, -32603);
  const refused = await error("refuse", [5]);
  assert.deepStrictEqual([refused.code, refused.message, refused.data], [402, "pay first", [5]]);

  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => peer.request("subtract", [i, 1])));
  assert.deepStrictEqual(many, Array.from({ length: 200 }, (_, i) => i - 1));
  const batch = await peer.client.requestAdvanced([
    { jsonrpc: "2.0", id: 9001, method: "subtract", params: [3, 1] },
    { jsonrpc: "2.0", id: 9002, method: "foobar" },
  ]);
  assert.deepStrictEqual(batch.map(({ id, result, error }) => [id, result, error?.code]), [[9001, 2, undefined], [9002, undefined, -32601]]);

  peer.notify("tell", ["all"]);
  assert.strictEqual(await peer.request("ask", ["double", 21]), "Ok(42)");
  assert.match(await peer.request("ask", ["refuse", 1]), /^Err\(7 not today/);
  assert.match(await peer.request("ask", ["unknown", 1]), /^Err\(-32601 /);
  assert.deepStrictEqual(said, [["all"]]);
  socket.close(1000);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
