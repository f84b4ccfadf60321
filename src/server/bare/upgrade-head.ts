import type { Buffer } from "node:buffer";
import { maxHeaderSize } from "node:http";

import { isTokenCharacter } from "../../internal/http-token.js";
import { listHasToken } from "../../protocol/index.js";

/** The head of a request that offers WebSocket. */
export interface UpgradeHead {
  /** All of it, as it came. */
  readonly text: string;
  /** The request target. */
  readonly url: string;
  /** Names and values in turn, in the order and the case received. */
  readonly rawHeaders: readonly string[];
}

/** Node's own parser takes 16 KiB, or what `--max-http-header-size` says. */
const MAX_HEAD_BYTES = Math.min(8 * 1024, maxHeaderSize);
const MAX_HEADERS = 64;
const BEGIN = "GET ";
const SLASH = 0x2f;
const VERSION = " HTTP/1.1\r\n";
const END = "\r\n\r\n";
const COLON = 0x3a;
const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/**
 * Reads the head that `bytes` begin with, if it is whole, asks for WebSocket, and is so plain that no two parsers of HTTP/1.1 can differ on
 * it: RFC 9112 without what is deprecated, only ASCII, nothing that frames a body. Undefined for all else, which `node:http` has to look
 * at. Linear.
 *
 * RFC 6455's own rules come later, as for every handshake.
 */
export function readUpgradeHead(bytes: Buffer): UpgradeHead | undefined {
  const text = bytes.toString("latin1", 0, MAX_HEAD_BYTES);
  const end = text.indexOf(END);
  if (end === -1 || !text.startsWith(BEGIN) || bytes[BEGIN.length] !== SLASH) return undefined;
  let at = BEGIN.length;
  while (isVisible(bytes[at])) at++;
  if (!text.startsWith(VERSION, at)) return undefined;
  const url = sharedUrl(text.slice(BEGIN.length, at));
  const rawHeaders = readFields(bytes, text, at + VERSION.length, end);
  return rawHeaders !== undefined && asksForWebSocket(rawHeaders)
    ? { text: text.slice(0, end + END.length), url, rawHeaders }
    : undefined;
}

/** The latest request target: connections that come one after the other mostly ask for the same, and keep one string between them. */
let latestUrl = "";

function sharedUrl(url: string): string {
  if (url !== latestUrl) latestUrl = url;
  return latestUrl;
}

/** The header lines from `start` to the one that ends at `end`; undefined where one is not plain. */
function readFields(bytes: Buffer, text: string, start: number, end: number): string[] | undefined {
  const rawHeaders: string[] = [];
  let at = start;
  while (at < end) {
    const nameAt = at;
    while (isTokenCharacter(bytes[at] as number)) at++;
    if (at === nameAt || bytes[at] !== COLON || rawHeaders.length === 2 * MAX_HEADERS) return undefined;
    const name = text.slice(nameAt, at);
    at++;
    while (bytes[at] === SPACE) at++;
    const valueAt = at;
    while (bytes[at] === SPACE || isVisible(bytes[at])) at++;
    if (bytes[at] !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) return undefined;
    let valueEnd = at;
    while (valueEnd > valueAt && bytes[valueEnd - 1] === SPACE) valueEnd--;
    rawHeaders.push(name, text.slice(valueAt, valueEnd));
    at += 2;
  }
  return rawHeaders;
}

function isVisible(byte: number | undefined): boolean {
  return byte !== undefined && byte > SPACE && byte < 0x7f;
}

function asksForWebSocket(rawHeaders: readonly string[]): boolean {
  let offers = 0;
  let upgrades = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] as string;
    switch ((rawHeaders[i] as string).toLowerCase()) {
      case "upgrade":
        offers += value.toLowerCase() === "websocket" ? 1 : 2;
        break;
      case "connection":
        upgrades += listHasToken(value, "upgrade") ? 1 : 2;
        break;
      case "content-length":
      case "transfer-encoding":
      case "expect":
        return false;
    }
  }
  return offers === 1 && upgrades === 1;
}
