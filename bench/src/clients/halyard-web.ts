/** The WebSocket of halyard/web. */
import type * as library from "halyard/web";
import { driveClient } from "./client-control.js";
import { dialWith } from "./whatwg-dial.js";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/web/index.js", import.meta.url);
const { WebSocket } = (await import(entryPoint.href)) as typeof library;

await driveClient(dialWith(WebSocket));
