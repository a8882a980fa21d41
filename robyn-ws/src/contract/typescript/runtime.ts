/** The close codes of WebSockets that the server uses. */
export const CloseCode = {
  /** The connection has served its purpose. */
  Normal: 1000,
  /** The server goes down, or the client was silent for too long. */
  Away: 1001,
  /** The client violated the protocol. */
  Protocol: 1002,
  /** The kind of message is not accepted. */
  Unsupported: 1003,
  /** The Close frame had no code. */
  NoStatus: 1005,
  /** There was no Close frame. */
  Abnormal: 1006,
  /** The message is not what the endpoint receives. */
  InvalidPayload: 1007,
  /** The client violated a rule of the server. */
  Policy: 1008,
  /** The message exceeds the limit. */
  TooBig: 1009,
  /** The server lacks an extension. */
  MissingExtension: 1010,
  /** The server failed. */
  InternalError: 1011,
  /** The server restarts. */
  Restart: 1012,
  /** The server is overloaded. */
  TryAgainLater: 1013,
  /** The credentials have expired. */
  Expired: 4401,
  /** A newer connection has taken the place of this one. */
  Replaced: 4409,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** The codes after which the same client would be closed again, or closes another one. */
const FINAL_CODES: readonly number[] = [
  CloseCode.Normal,
  CloseCode.Protocol,
  CloseCode.Unsupported,
  CloseCode.InvalidPayload,
  CloseCode.Policy,
  CloseCode.TooBig,
  CloseCode.MissingExtension,
  CloseCode.Expired,
  CloseCode.Replaced,
];

/** The states of an endpoint. `waiting` is the time before the next attempt to connect. */
export type EndpointState = "connecting" | "open" | "waiting" | "closed";

/** The end of a connection. */
export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
  /** Milliseconds until the next attempt to connect, or `undefined` if there is none. */
  readonly retryIn: number | undefined;
}

/** Why a call has no result: the peer answered with an error, no answer came in time, or the connection ended first. */
export type CallErrorKind = "remote" | "timeout" | "disconnected";

/**
 * A call without a result. A handler of the server's calls throws it as well, to answer with its code, message and data.
 */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly kind: CallErrorKind;
  /** The code of the peer's answer, otherwise 0. */
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown, kind: CallErrorKind = "remote") {
    super(message);
    this.kind = kind;
    this.code = code;
    this.data = data;
  }
}

/** An endpoint that is not open. */
export class NotOpenError extends Error {
  override readonly name = "NotOpenError";
}

/** The part of a WebSocket that is used. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string | ArrayBuffer | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** The constructor of a WebSocket: that of browsers, Node 22, Deno and Bun, or that of the package `ws`. */
export interface WebSocketConstructor {
  new (url: string, protocols?: string[]): WebSocketLike;
}

/** The settings of an endpoint. Times are in milliseconds. */
export interface EndpointOptions {
  /** Default: `globalThis.WebSocket`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** The subprotocols that are offered to the server. Default: none. */
  readonly protocols?: readonly string[] | undefined;
  /** Closes the endpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Time for a call, with the time until the connection is open. Default: 30000. */
  readonly callTimeout?: number | undefined;
  /** Time until a connection has to be open. Default: 20000. */
  readonly connectTimeout?: number | undefined;
  /** `false` closes the endpoint with its first connection. Default: `true`. */
  readonly reconnect?: boolean | undefined;
  /** More close codes after which the endpoint does not reconnect. */
  readonly finalCodes?: readonly number[] | undefined;
  /** The most messages that an iterator keeps for its loop. Default: 1000. */
  readonly maxBuffered?: number | undefined;
  /** Takes errors of handlers, and messages that are not JSON. Default: they are thrown where nobody catches them. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The settings of one call. */
export interface CallOptions {
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  /** Rejects the call with the reason of the signal. The server may have run it. */
  readonly signal?: AbortSignal | undefined;
}

/** The parameters and the result of a call. */
interface Method {
  params: unknown;
  result: unknown;
}

/** What the server says of an endpoint. */
interface EndpointDescription {
  readonly path: string;
  readonly json: { readonly sent: boolean; readonly received: boolean };
  readonly calls: boolean;
  readonly maxMessageSize: number;
  readonly finalCodes: readonly number[];
  /** The methods whose only parameter comes in an array of one. */
  readonly wrapped: readonly string[];
}

interface EndpointTarget extends EndpointOptions {
  readonly parameters?: object | undefined;
  readonly query?: unknown;
}

interface PendingCall {
  readonly text: string;
  isSent: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Handler = (params: unknown, signal: AbortSignal) => unknown;

/** Adds a listener. Returns the function that removes it. */
function listen<T>(listeners: Set<(value: T) => void>, listener: (value: T) => void): () => void {
  const own = (value: T): void => listener(value);
  listeners.add(own);
  return () => {
    listeners.delete(own);
  };
}

/** Returns the time until the next attempt in milliseconds, with full jitter: clients that were closed at once come apart. */
function delayOf(code: number, attempt: number, retryAfter: number): number {
  let [least, most] = [0.5, Math.min(20, 2 ** attempt)];
  if (code === CloseCode.TryAgainLater) {
    [least, most] = [5, 20];
  } else if (code === CloseCode.Restart && attempt === 0) {
    [least, most] = [0, 1];
  }
  return Math.round(Math.max(retryAfter, least + Math.random() * (most - least)) * 1000);
}

/** Returns the seconds that the header `Retry-After` asks for, which is a number or a date. */
function secondsOf(retryAfter: unknown): number {
  if (typeof retryAfter !== "string") {
    return 0;
  }
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Math.min(Math.max(seconds || 0, 0), 3600);
}

/** Returns the path with the values of its parameters. */
function filled(path: string, parameters: object | undefined): string {
  const segments = path.split("/").map((segment) => {
    if (!segment.startsWith("{")) {
      return segment;
    }
    const isRest = segment.startsWith("{*");
    const name = segment.slice(isRest ? 2 : 1, -1);
    const value = String(Object.entries(parameters ?? {}).find(([key]) => key === name)?.[1] ?? "");
    const parts = isRest ? value.split("/") : [value];
    // A URL drops such segments, even if they are percent-encoded.
    if (value === "" || parts.some((part) => part === "." || part === "..")) {
      throw new TypeError(`the parameter ${name} of ${path} cannot be ${JSON.stringify(value)}`);
    }
    return parts.map(encodeURIComponent).join("/");
  });
  return segments.join("/");
}

function addressOf(base: string | URL, path: string): URL {
  const { location } = globalThis as { location?: { href?: string } };
  const url = new URL(base, location?.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  url.hash = "";
  return url;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRpc(value: unknown): value is { readonly [key: string]: unknown } {
  return isObject(value) && value["jsonrpc"] === "2.0";
}

/** Calls the listener if the server refuses the upgrade, which the package `ws` tells and browsers do not. */
function onRefusal(socket: WebSocketLike, listener: (status: number, retryAfter: number) => void): void {
  interface Response {
    readonly statusCode?: number;
    readonly headers: { readonly [name: string]: unknown };
  }
  type Refused = (request: { destroy(): void }, response: Response) => void;
  const emitter = socket as { on?: (event: string, listener: Refused) => unknown };
  emitter.on?.("unexpected-response", (request, response) => {
    listener(response.statusCode ?? 0, secondsOf(response.headers["retry-after"]));
    request.destroy();
  });
}

/** Iterates over messages until the endpoint is closed. */
function messagesOf<T>(
  endpoint: { readonly closed: Promise<unknown>; onMessage(listener: (message: T) => void): () => void },
  most: number,
): AsyncIterableIterator<T> {
  const queue: T[] = [];
  let [isClosed, isFull] = [false, false];
  let wake = (): void => {};
  const stop = endpoint.onMessage((message) => {
    isFull ||= queue.length >= most;
    if (!isFull) {
      queue.push(message);
    }
    wake();
  });
  void endpoint.closed.then(() => {
    isClosed = true;
    wake();
  });
  async function* messages(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        while (queue.length > 0) {
          yield queue.shift() as T;
        }
        if (isFull) {
          throw new RangeError(`more than ${most} messages came while the loop was busy`);
        }
        if (isClosed) {
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
    }
  }
  return messages();
}
