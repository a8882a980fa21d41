/**
 * A connection to an endpoint, which is opened at once and again after it was lost.
 *
 * It does not come back after a close code that says that it would be closed again, such as 1008 or 4401.
 */
export abstract class Endpoint<Sent, Received, Notified extends object, Asked extends { [M in keyof Asked]: Method }> {
  readonly #description: EndpointDescription;
  readonly #options: EndpointTarget;
  readonly #address: URL;
  readonly #messages = new Set<(message: Received) => void>();
  readonly #opens = new Set<(value: undefined) => void>();
  readonly #ends = new Set<(end: ConnectionEnd) => void>();
  readonly #notifications = new Map<string, Set<(params: unknown) => void>>();
  readonly #handlers = new Map<string, Handler>();
  readonly #pending = new Map<number, PendingCall>();
  readonly #abort = (): void => this.close();
  #state: EndpointState = "connecting";
  #socket: WebSocketLike | undefined;
  #connection = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #openedAt = 0;
  #attempt = 0;
  #lastId = 0;
  #resolveClosed!: (end: ConnectionEnd) => void;

  /** The last end, after which there is no attempt to connect. */
  readonly closed = new Promise<ConnectionEnd>((resolve) => {
    this.#resolveClosed = resolve;
  });

  protected constructor(base: string | URL, description: EndpointDescription, options: EndpointTarget) {
    this.#description = description;
    this.#options = options;
    this.#address = addressOf(base, filled(description.path, options.parameters));
    if (options.signal?.aborted) {
      this.close();
      return;
    }
    options.signal?.addEventListener("abort", this.#abort, { once: true });
    void this.#connect();
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Resolves when a connection is open, and rejects when the endpoint is closed. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state === "open") {
        resolve();
        return;
      }
      const stop = this.onOpen(() => {
        stop();
        resolve();
      });
      void this.closed.then((end) => {
        stop();
        reject(new NotOpenError(`the endpoint is closed: ${end.code} ${end.reason}`));
      });
    });
  }

  /** Sends a message. Throws a `NotOpenError` if no connection is open, and a `RangeError` if the message is too big. */
  send(message: Sent): void {
    const isBinary = message instanceof ArrayBuffer || message instanceof Uint8Array;
    const isText = typeof message === "string" && !this.#description.json.sent;
    this.#transmit(isBinary || isText ? message : JSON.stringify(message));
  }

  /** Closes the endpoint. The code is 1000, or one from 3000 to 4999. */
  close(code: number = CloseCode.Normal, reason = ""): void {
    if (this.#state !== "closed") {
      const socket = this.#detach();
      this.#finish({ code, reason, retryIn: undefined });
      socket?.close(code, reason);
    }
  }

  /** Calls the listener after each start of a connection. Returns the function that removes it, as all of these do. */
  onOpen(listener: () => void): () => void {
    return listen(this.#opens, listener);
  }

  /** Calls the listener after each end of a connection. */
  onClose(listener: (end: ConnectionEnd) => void): () => void {
    return listen(this.#ends, listener);
  }

  onMessage(listener: (message: Received) => void): () => void {
    return listen(this.#messages, listener);
  }

  onNotification<M extends keyof Notified & string>(method: M, listener: (params: Notified[M]) => void): () => void {
    const listeners = this.#notifications.get(method) ?? new Set();
    this.#notifications.set(method, listeners);
    return listen(listeners, (params) => listener(params as Notified[M]));
  }

  /**
   * Answers the server's calls of a method. There is one handler for each method. Its signal is aborted when the connection
   * ends. A `CallError` that it throws is the answer; of other errors the server gets no details.
   */
  onCall<M extends keyof Asked & string>(
    method: M,
    handler: (params: Asked[M]["params"], signal: AbortSignal) => Asked[M]["result"] | Promise<Asked[M]["result"]>,
  ): () => void {
    const own: Handler = (params, signal) => handler(params as Asked[M]["params"], signal);
    this.#handlers.set(method, own);
    return () => {
      if (this.#handlers.get(method) === own) {
        this.#handlers.delete(method);
      }
    };
  }

  /** Iterates over the messages from now on, over several connections, until the endpoint is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Received> {
    return messagesOf(this, this.#options.maxBuffered ?? 1000);
  }

  /** Calls a method of the server. Waits for a connection if none is open. */
  protected request<Result>(method: string, params: unknown, options: CallOptions = {}): Promise<Result> {
    const id = ++this.#lastId;
    const request: { [key: string]: unknown } = { jsonrpc: "2.0", id, method };
    if (params !== undefined) {
      request["params"] = typeof params === "object" && params !== null ? params : [params];
    }
    const { signal, timeout = this.#options.callTimeout ?? 30_000 } = options;
    return new Promise<Result>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#pending.delete(id);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const abort = (): void => fail(signal?.reason);
      const late = (): void => fail(new CallError(0, `no answer of ${method} in ${timeout} ms`, undefined, "timeout"));
      const timer = setTimeout(late, timeout);
      signal?.addEventListener("abort", abort, { once: true });
      const succeed = (value: unknown): void => {
        end();
        resolve(value as Result);
      };
      this.#pending.set(id, { text: JSON.stringify(request), isSent: false, resolve: succeed, reject: fail });
      if (this.#state === "closed") {
        this.#rejectCalls(() => true);
      } else if (this.#state === "open") {
        this.#sendCalls();
      }
    });
  }

  async #connect(): Promise<void> {
    this.#state = "connecting";
    let socket: WebSocketLike;
    try {
      const url = await this.#url();
      if (this.#state !== "connecting") {
        return;
      }
      const Socket = this.#options.WebSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket;
      if (Socket === undefined) {
        const help = "there is no `globalThis.WebSocket`: set the option `WebSocket`, such as to that of the package `ws`";
        this.#report(new TypeError(help));
        this.#finish({ code: CloseCode.Abnormal, reason: help, retryIn: undefined });
        return;
      }
      socket = new (Socket as WebSocketConstructor)(url, [...(this.#options.protocols ?? [])]);
    } catch (error) {
      this.#report(error);
      this.#lost(CloseCode.Abnormal, String(error));
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#connection = new AbortController();
    const late = (): void => this.#giveUp(CloseCode.Abnormal, "no connection in time");
    this.#timer = setTimeout(late, this.#options.connectTimeout ?? 20_000);
    socket.onopen = () => this.#isOpen();
    socket.onmessage = (event: { readonly data: unknown }) => this.#receive(event.data);
    socket.onerror = () => {};
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => {
      this.#detach();
      this.#lost(event.code, event.reason);
    };
    onRefusal(socket, (status, retryAfter) => {
      const isFinal = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
      this.#detach();
      this.#lost(CloseCode.Abnormal, `the server answered with the status ${status}`, retryAfter, isFinal);
    });
  }

  async #url(): Promise<string> {
    const { query } = this.#options;
    const values: unknown = typeof query === "function" ? await (query as () => unknown)() : query;
    const url = new URL(this.#address);
    for (const [name, value] of Object.entries(values ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined && one !== null) {
          url.searchParams.append(name, String(one));
        }
      }
    }
    return url.href;
  }

  #isOpen(): void {
    clearTimeout(this.#timer);
    this.#state = "open";
    this.#openedAt = Date.now();
    this.#sendCalls();
    this.#tell(this.#opens, undefined);
  }

  /** Takes the listeners from the socket, which may still end with an error that nobody needs. */
  #detach(): WebSocketLike | undefined {
    const socket = this.#socket;
    clearTimeout(this.#timer);
    this.#socket = undefined;
    if (socket !== undefined) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {};
    }
    return socket;
  }

  #giveUp(code: number, reason: string): void {
    const socket = this.#detach();
    this.#lost(code, reason);
    socket?.close();
  }

  #lost(code: number, reason: string, retryAfter = 0, isRefused = false): void {
    if (this.#state === "closed") {
      return;
    }
    // A connection that lasts is a success.
    if (this.#state === "open" && Date.now() - this.#openedAt > 10_000) {
      this.#attempt = 0;
    }
    const finalCodes = [FINAL_CODES, this.#description.finalCodes, this.#options.finalCodes ?? []];
    const isFinal = isRefused || this.#options.reconnect === false || finalCodes.some((codes) => codes.includes(code));
    if (isFinal) {
      this.#finish({ code, reason, retryIn: undefined });
      return;
    }
    const retryIn = delayOf(code, this.#attempt, retryAfter);
    this.#attempt += 1;
    this.#state = "waiting";
    this.#timer = setTimeout(() => void this.#connect(), retryIn);
    this.#connection.abort();
    this.#rejectCalls((call) => call.isSent);
    this.#tell(this.#ends, { code, reason, retryIn });
  }

  #finish(end: ConnectionEnd): void {
    this.#state = "closed";
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#connection.abort();
    this.#rejectCalls(() => true);
    this.#tell(this.#ends, end);
    this.#resolveClosed(end);
  }

  #rejectCalls(isOver: (call: PendingCall) => boolean): void {
    for (const call of [...this.#pending.values()].filter(isOver)) {
      call.reject(new CallError(0, "the connection ended before the answer came", undefined, "disconnected"));
    }
  }

  #sendCalls(): void {
    for (const call of [...this.#pending.values()].filter((call) => !call.isSent)) {
      try {
        this.#transmit(call.text);
        call.isSent = true;
      } catch (error) {
        call.reject(error);
      }
    }
  }

  #transmit(data: string | ArrayBuffer | Uint8Array): void {
    if (this.#state !== "open" || this.#socket === undefined) {
      throw new NotOpenError(`the endpoint is ${this.#state}`);
    }
    const most = this.#description.maxMessageSize;
    const isLong = typeof data === "string" ? data.length * 3 > most : data.byteLength > most;
    const size = isLong && typeof data === "string" ? new TextEncoder().encode(data).length : Infinity;
    if (isLong && size > most) {
      throw new RangeError(`the message exceeds the limit of ${most} bytes`);
    }
    this.#socket.send(data);
  }

  #receive(data: unknown): void {
    if (typeof data !== "string") {
      this.#tell(this.#messages, new Uint8Array(data as ArrayBuffer) as Received);
      return;
    }
    const { calls, json } = this.#description;
    let value: unknown = data;
    if (calls || json.received) {
      try {
        value = JSON.parse(data);
      } catch (error) {
        if (json.received) {
          this.#report(error);
          return;
        }
      }
    }
    const all: unknown[] = Array.isArray(value) ? value : [value];
    if (calls && all.length > 0 && all.every(isRpc)) {
      all.forEach((one) => this.#receiveRpc(one));
    } else {
      this.#tell(this.#messages, (json.received ? value : data) as Received);
    }
  }

  #receiveRpc(message: { readonly [key: string]: unknown }): void {
    const { id, method, result, error } = message;
    if (typeof method !== "string") {
      const call = this.#pending.get(id as number);
      if (isObject(error)) {
        call?.reject(new CallError(Number(error["code"]), String(error["message"]), error["data"]));
      } else {
        call?.resolve(result);
      }
      return;
    }
    let { params } = message;
    if (Array.isArray(params) && params.length === 1 && this.#description.wrapped.includes(method)) {
      params = params[0];
    }
    if (id === undefined) {
      this.#tell(this.#notifications.get(method) ?? new Set<(params: unknown) => void>(), params);
    } else {
      void this.#answer(id, method, params, this.#connection.signal);
    }
  }

  async #answer(id: unknown, method: string, params: unknown, connection: AbortSignal): Promise<void> {
    let answer: object;
    try {
      const handler = this.#handlers.get(method);
      if (handler === undefined) {
        throw new CallError(-32601, "Method not found");
      }
      answer = { result: (await handler(params, connection)) ?? null };
    } catch (error) {
      const known = error instanceof CallError ? error : new CallError(-32603, "Internal error");
      answer = { error: { code: known.code, message: known.message, data: known.data } };
      if (known !== error) {
        this.#report(error);
      }
    }
    if (!connection.aborted) {
      try {
        this.#transmit(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #tell<T>(listeners: Set<(value: T) => void>, value: T): void {
    for (const listener of [...listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #report(error: unknown): void {
    const { onError } = this.#options;
    if (onError !== undefined) {
      onError(error);
    } else {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
