// A program that uses the generated client as a user would, with the server's address as its argument.

import assert from "node:assert";
import { createRequire } from "node:module";

import {
  CallError,
  CloseCode,
  type ConnectionEnd,
  type EndpointOptions,
  LiveBusyClient,
  LiveChatRoomClient,
  LiveForbiddenClient,
  LiveRawRestClient,
  LiveScaleClient,
  NotOpenError,
  type WebSocketConstructor,
} from "./client.js";

const base = process.argv[2] ?? "";
// Its types are not installed. The constructor has what the client asks of it.
const WebSocket = createRequire(__filename)("ws") as WebSocketConstructor;
const options: EndpointOptions = { WebSocket, onError: fail };

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

async function failed(call: Promise<unknown>): Promise<CallError> {
  const error = await call.then(
    () => assert.fail("an error was expected"),
    (error: unknown) => error,
  );
  assert(error instanceof CallError, String(error));
  return error;
}

function chatOf(room: string, more: EndpointOptions = {}): LiveChatRoomClient {
  return new LiveChatRoomClient(base, { ...options, ...more, parameters: { room } });
}

function end(chat: LiveChatRoomClient): Promise<ConnectionEnd> {
  return new Promise((resolve) => {
    const stop = chat.onClose((end) => {
      stop();
      resolve(end);
    });
  });
}

async function calls(): Promise<void> {
  const chat = chatOf("a/b ü?#%");
  const said: string[] = [];
  const counted: number[] = [];
  chat.onNotification("said", ({ room, text }) => said.push(`${room}: ${text}`));
  const stop = chat.onNotification("counted", (number) => counted.push(number));
  // It waits for the connection.
  const receipt = await chat.calls.say({ text: "hello" });
  assert.strictEqual(receipt.number, 5);
  stop();
  await chat.calls.say({ text: "again" });
  assert.deepStrictEqual(said, ["a/b ü?#%: hello", "a/b ü?#%: again"]);
  assert.deepStrictEqual(counted, [5]);
  const numbers = await Promise.all([1, 2, 3].map((number) => chat.calls.double(number)));
  assert.deepStrictEqual(numbers, [2, 4, 6]);
  assert.strictEqual(await chat.calls.nothing(), null);

  const refused = await failed(chat.calls.refuse());
  assert.deepStrictEqual([refused.kind, refused.code, refused.message], ["remote", 402, "pay first"]);
  assert.deepStrictEqual(refused.data, ["data"]);
  const huge = "x".repeat(LiveChatRoomClient.limits.maxMessageSize);
  await assert.rejects(chat.calls.say({ text: huge }), RangeError);

  assert.strictEqual(await chat.calls.ask({ text: "?" }), "-32601 Method not found");
  const remove = chat.onCall("confirm", async ({ text }) => {
    if (text === "no") {
      throw new CallError(7, "not today");
    }
    return { yes: text === "yes" };
  });
  assert.strictEqual(await chat.calls.ask({ text: "yes" }), "yes: true");
  assert.strictEqual(await chat.calls.ask({ text: "no" }), "7 not today");
  remove();

  chat.close();
  assert.strictEqual(chat.state, "closed");
  assert.strictEqual((await failed(chat.calls.double(1))).kind, "disconnected");
  await assert.rejects(chat.opened(), NotOpenError);
}

async function timeouts(): Promise<void> {
  const chat = chatOf("slow");
  assert.strictEqual((await failed(chat.calls.slow({ timeout: 50 }))).kind, "timeout");
  const abort = new AbortController();
  const slow = chat.calls.slow({ signal: abort.signal });
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(slow, reason);
  chat.close();

  const whole = new AbortController();
  const aborted = chatOf("aborted", { signal: whole.signal });
  await aborted.opened();
  whole.abort();
  assert.strictEqual((await aborted.closed).code, CloseCode.Normal);
}

async function ends(): Promise<void> {
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 4401, 4409] as const) {
    const chat = chatOf("final");
    await chat.calls.kick(code).catch(() => {});
    assert.deepStrictEqual(await chat.closed, { code, reason: "kicked", retryIn: undefined });
  }
  const given = chatOf("given", { finalCodes: [4000] });
  await given.calls.kick(4000).catch(() => {});
  assert.strictEqual((await given.closed).code, 4000);
  const once = chatOf("once", { reconnect: false });
  await once.calls.kick(1012).catch(() => {});
  assert.strictEqual((await once.closed).code, 1012);

  const chat = chatOf("kicked");
  const opened: string[] = [];
  chat.onOpen(() => opened.push(chat.state));
  await chat.opened();
  const pending = failed(chat.calls.slow());
  const other = chatOf("other");
  await other.opened();
  other.close();
  chat.calls.nothing().catch(() => {});
  chat.close();
  assert.strictEqual((await pending).kind, "disconnected");
  assert.deepStrictEqual(opened, ["open"]);

  for (const [code, least, most] of [
    [1012, 0, 1000],
    [1001, 500, 1000],
    [1011, 500, 1000],
    [4000, 500, 1000],
  ] as const) {
    const chat = chatOf(`back after ${code}`);
    const ended = end(chat);
    await chat.calls.kick(code).catch(() => {});
    const { retryIn = -1, ...rest } = await ended;
    assert.deepStrictEqual(rest, { code, reason: "kicked" });
    assert(least <= retryIn && retryIn <= most, `${code}: ${retryIn}`);
    assert.strictEqual(chat.state, "waiting");
    // A call waits for the next connection.
    assert.strictEqual(await chat.calls.double(4), 8);
    chat.close();
  }
  const patient = chatOf("patient");
  const ended = end(patient);
  await patient.calls.kick(1013).catch(() => {});
  const { retryIn = -1 } = await ended;
  assert(5_000 <= retryIn && retryIn <= 20_000, String(retryIn));
  patient.close();
}

async function messages(): Promise<void> {
  let asked = 0;
  const query = async () => ({ scale: ++asked, name: null });
  const shapes = new LiveScaleClient(base, { ...options, query });
  assert.throws(() => shapes.send({ kind: "circle", radius: 1 }), NotOpenError);
  await shapes.opened();
  shapes.send({ kind: "circle", radius: 1 });
  shapes.send({ kind: "square", side: 2 });
  const seen: string[] = [];
  for await (const shape of shapes) {
    seen.push(shape.kind === "circle" ? `circle ${shape.radius}` : `square ${shape.side}`);
    if (seen.length === 2) {
      break;
    }
  }
  assert.deepStrictEqual(seen, ["circle 1", "square 2"]);
  shapes.close(4000, "done");
  assert.deepStrictEqual(await shapes.closed, { code: 4000, reason: "done", retryIn: undefined });

  const raw = new LiveRawRestClient(`${base}/`, { ...options, parameters: { rest: "a/b?c" } });
  const received: (string | Uint8Array)[] = [];
  await new Promise<void>((resolve) => {
    raw.onMessage((message) => {
      received.push(message);
      if (received.length === 1) {
        raw.send('{"jsonrpc":"2.0"}');
        raw.send(new Uint8Array([1, 2]));
      } else if (received.length === 3) {
        resolve();
      }
    });
  });
  assert.deepStrictEqual(received, ["a/b?c", '{"jsonrpc":"2.0"}', new Uint8Array([1, 2])]);
  raw.close();

  for (const rest of ["", ".", "a/../b"]) {
    assert.throws(() => new LiveRawRestClient(base, { ...options, parameters: { rest } }), TypeError);
  }
}

async function refusals(): Promise<void> {
  const busy = new LiveBusyClient(base, options);
  const { retryIn = -1, reason } = await new Promise<ConnectionEnd>((resolve) => busy.onClose(resolve));
  assert.match(reason, /503/);
  assert(retryIn >= 7_000, String(retryIn));
  busy.close();
  const forbidden = await new LiveForbiddenClient(base, options).closed;
  assert.match(forbidden.reason, /403/);
}

async function main(): Promise<void> {
  await Promise.all([calls(), timeouts(), ends(), messages(), refusals()]);
}

main().then(() => process.exit(0), fail);
