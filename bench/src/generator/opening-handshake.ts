import { createHash, randomBytes } from "node:crypto";

/** A client's opening handshake, written by hand: the request, and what tells a good answer. */
export interface OpeningHandshake {
  readonly request: string;
  /**
   * The length of the answer's head at the start of `received`, or `undefined` while it is incomplete. Throws when the
   * server refused or did not prove that it read the key.
   */
  answerBytes(received: Buffer): number | undefined;
}

const keyGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** RFC 6455 §4.1, with a fresh key and no extension. */
export function openingHandshake(host: string, path: string): OpeningHandshake {
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1")
    .update(key + keyGuid)
    .digest("base64");
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ];
  return {
    request: `${lines.join("\r\n")}\r\n\r\n`,
    answerBytes(received) {
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return undefined;
      const head = received.toString("latin1", 0, end);
      if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`the server refused the upgrade: ${head}`);
      if (!/^sec-websocket-accept: *(.*)$/im.exec(head)?.[1]?.includes(accept)) {
        throw new Error(`wrong Sec-WebSocket-Accept: ${head}`);
      }
      return end + 4;
    },
  };
}
