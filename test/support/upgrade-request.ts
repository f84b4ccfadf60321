/** The key and the answer to it that RFC 6455 §1.3 gives as an example. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** What a test changes of a correct opening handshake. */
export interface RequestChange {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  /** Replaces headers by name; `undefined` leaves one out, a list repeats it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The bytes of a client's opening handshake, as in RFC 6455 §1.2, with `change` made to it. */
export function upgradeRequest(change: RequestChange = {}): string {
  const headers: RequestChange["headers"] = {
    Host: "example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...change.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => `${name}: ${each}`),
  );
  const requestLine = `${change.method ?? "GET"} ${change.path ?? "/"} HTTP/${change.version ?? "1.1"}`;
  return `${[requestLine, ...lines].join("\r\n")}\r\n\r\n`;
}
