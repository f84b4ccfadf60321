import type { Buffer } from "node:buffer";
import type { RequestListener, Server as HttpServer } from "node:http";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { Server as TlsServer, TLSSocket } from "node:tls";

import { processTimers, type TimerWheel, WheelTimer } from "../connection/index.js";
import { asksForWebSocket } from "./http2-opening.js";
import { limitRequest } from "./request-deadline.js";
import { guardHttp2Session } from "./session-guard.js";

/** What every client's HTTP/2 connection begins with, RFC 9113 §3.4; no method of HTTP/1.1 begins so. */
const PREFACE = "PRI";
/** Streams at once of one session, as RFC 9113 §6.5.2 asks for at the least. */
const MAX_STREAMS = 100;
/** Megabytes that Node keeps for a session before it refuses further streams. */
const MAX_SESSION_MEMORY_MB = 10;
/** What may be under way to us in one stream, in bytes: HTTP/2's own 64 KiB would be 640 kB a second where a round trip takes 100 ms. */
const STREAM_WINDOW_BYTES = 256 * 1024;
/** The same for all streams of a session together: what a client can make us hold that nobody reads. */
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024;

/** How long a client may take, in milliseconds. */
export interface Http2Deadlines {
  /** To say its first word, where that tells which HTTP it speaks. */
  readonly firstByteMs: number;
  /** To send a request, body included. */
  readonly requestMs: number;
}

/** What serves the streams. */
export interface Http2Listeners {
  /** Answers plain requests, by the same rules as over HTTP/1.1. */
  readonly request: RequestListener;
  readonly webSocket: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
}

/**
 * HTTP/2 on the port of a server of HTTP/1.1. Which of them a connection gets, ALPN says for https, and the first bytes of the client
 * otherwise (RFC 9113 §3.3, "prior knowledge"). The HTTP/2 server beside it never listens.
 */
export class Http2Entrance {
  readonly #http2: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #timers: TimerWheel;
  readonly #deadlines: Http2Deadlines;

  constructor(
    http: HttpServer | HttpsServer,
    listeners: Http2Listeners,
    deadlines: Http2Deadlines,
    timers: TimerWheel = processTimers,
  ) {
    this.#timers = timers;
    this.#deadlines = deadlines;
    this.#http2 = createServer({
      settings: {
        enableConnectProtocol: true,
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: STREAM_WINDOW_BYTES,
      },
      maxSessionMemory: MAX_SESSION_MEMORY_MB,
    });
    this.#listen(listeners);
    this.#takeOver(http, http instanceof TlsServer ? "secureConnection" : "connection");
  }

  /** Sends GOAWAY to all: they end with their last stream, and begin no other. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #listen({ request, webSocket }: Http2Listeners): void {
    const http2 = this.#http2;
    http2.on("request", request as never);
    // Node makes a request and a response of each stream before it looks at the method: a WebSocket needs neither.
    const [answer] = http2.listeners("stream") as ((...args: unknown[]) => void)[];
    http2.removeAllListeners("stream");
    http2.on(
      "stream",
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: unknown) => {
        if (asksForWebSocket(headers)) return webSocket(stream, headers);
        limitRequest(stream, this.#deadlines.requestMs, this.#timers);
        answer?.call(http2, stream, headers, flags, rawHeaders);
      },
    );
    http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.setLocalWindowSize(SESSION_WINDOW_BYTES);
      guardHttp2Session(session, this.#timers);
    });
  }

  /** Stands before the server's own listener, which is the one of HTTP/1.1. */
  #takeOver(http: HttpServer | HttpsServer, event: "connection" | "secureConnection"): void {
    const own = http.listeners(event) as ((socket: Socket) => void)[];
    http.removeAllListeners(event);
    const serveHttp1 = (socket: Socket): void => {
      for (const listener of own) listener.call(http, socket);
    };
    http.on(event, (socket: Socket) => {
      if (socket instanceof TLSSocket) {
        if (socket.alpnProtocol === "h2") this.#http2.emit("connection", socket);
        else serveHttp1(socket);
      } else this.#sniff(socket, serveHttp1);
    });
  }

  #sniff(socket: Socket, serveHttp1: (socket: Socket) => void): void {
    const timer = new WheelTimer({ onDue: () => void socket.destroy() });
    this.#timers.arm(timer, this.#deadlines.firstByteMs);
    const onClose = (): void => this.#timers.disarm(timer);
    const chunks: Buffer[] = [];
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const first = chunks.map((each) => each.toString("latin1", 0, PREFACE.length)).join("");
      if (first.length < PREFACE.length && PREFACE.startsWith(first)) return;
      socket.pause();
      socket.off("data", onData);
      socket.off("error", ignore);
      socket.off("close", onClose);
      this.#timers.disarm(timer);
      for (const each of chunks.toReversed()) socket.unshift(each);
      if (first.startsWith(PREFACE)) this.#http2.emit("connection", socket);
      else {
        serveHttp1(socket);
        socket.resume();
      }
    };
    socket.on("error", ignore);
    socket.once("close", onClose);
    socket.on("data", onData);
  }
}

function ignore(): void {}
