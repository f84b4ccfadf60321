import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { stayInChat } from "../../examples/reconnecting/chat.js";
import { listening } from "../support/listening.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/reconnecting.md");

test("docs/reconnecting.md shows the example as it is, and links to files that exist", () => {
  const block = doc.blocks.find(({ info }) => info.startsWith("examples/"));
  expect(block?.code).toBe(readFileSync("examples/reconnecting/chat.ts", "utf8"));
  for (const link of doc.links()) expect(existsSync(join("docs", link.replace(/#.*/, ""))), link).toBe(true);
});

test("the chat of docs/reconnecting.md comes back after a restart, and ends by its signal", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const controller = new AbortController();
  const routes = {
    "/": {
      message: (socket: { write(message: string | Uint8Array): boolean }, message: string | Uint8Array) =>
        void socket.write(message),
    },
  };
  const server = await listening({ routes });
  const staying = stayInChat(`ws://127.0.0.1:${server.port}/`, controller.signal);
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith("I am back"));
  told.mockClear();
  await server.close({ code: 1012 });
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith(expect.stringMatching(/^closed; again in \d+ ms$/)));
  await listening({ routes, port: server.port });
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith("I am back"), { timeout: 15_000 });
  controller.abort();
  await staying;
});
