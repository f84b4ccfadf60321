/** Halyard's client with its defaults, and a handler object. */
import type * as library from "halyard/client";
import { driveClient } from "./client-control.js";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/client/index.js", import.meta.url);
const { connect } = (await import(entryPoint.href)) as typeof library;

await driveClient(async (url, onMessage, onEnd) => {
  const connection = await connect(url);
  connection.handle({ message: (_, message) => onMessage(message as string), close: onEnd });
  return {
    send: (message) => void connection.write(message),
    close: () => connection.terminate(),
  };
});
