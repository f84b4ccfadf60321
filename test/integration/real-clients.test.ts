import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import type { CloseInfo, ServeOptions } from "../../src/server/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { buildGorilla, hasGorilla, HOW_TO_INSTALL_GORILLA } from "../support/gorilla.js";
import { listening } from "../support/listening.js";
import { hasPythonWebsockets, HOW_TO_INSTALL_PYTHON_WEBSOCKETS, PYTHON } from "../support/python.js";
import { findModernNode } from "../support/other-node.js";
import { requirement } from "../support/requirement.js";
import { until } from "../support/turns.js";

interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** What a client saw of the scenario. */
interface Report {
  readonly subprotocol: string;
  readonly text: string;
  readonly empty: string;
  readonly binary: string;
  readonly largeText: boolean;
  readonly largeBinary: boolean;
  readonly closedByUs: Closing;
  readonly closedByServer: Closing;
  readonly refused: boolean;
}

const run = promisify(execFile);
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);

/** Has a client play the scenario against a server, and checks what both saw of it. */
async function checkClient(
  play: (base: string) => Promise<Report>,
  options: Partial<ServeOptions> = {},
): Promise<void> {
  const infos: CloseInfo[] = [];
  const server = await listening({
    ...options,
    subprotocols: ["v2"],
    routes: {
      "/echo": { message: (socket, message) => socket.send(message), close: (_, info) => infos.push(info) },
      "/close": (socket) => void socket.close(4321, "bye ⚓"),
    },
  });
  expect(await play(`ws://127.0.0.1:${server.port}`)).toMatchObject({
    subprotocol: "v2",
    text: "héllo ⚓",
    empty: "",
    binary: "007f80ff",
    largeText: true,
    largeBinary: true,
    closedByUs: { code: 4000, wasClean: true },
    closedByServer: { code: 4321, reason: "bye ⚓", wasClean: true },
    refused: true,
  });
  await until(() => infos.length > 0); // the client's socket may end with its process
  expect(infos).toEqual([{ code: 4000, reason: "done ⚓", by: "peer", clean: true, error: undefined }]);
}

const modernNode = findModernNode();

describe.runIf(requirement("real client tests: Node 22", modernNode !== undefined, "npx -y -p node@22 node -v"))(
  "the WebSocket class of Node 22",
  () => {
    test("talks to the server", { timeout: 20_000 }, async () => {
      await checkClient(async (base) => {
        const { stdout } = await run(modernNode as string, [fixture("node-client.mjs"), base]);
        return JSON.parse(stdout) as Report;
      });
    });
  },
);

describe.runIf(
  requirement("real client tests: Python websockets", hasPythonWebsockets(), HOW_TO_INSTALL_PYTHON_WEBSOCKETS),
)("Python's websockets", () => {
  test("talks to the server, in fragments too", { timeout: 20_000 }, async () => {
    await checkClient(async (base) => {
      const { stdout } = await run(PYTHON, [fixture("python_client.py"), base]);
      const report = JSON.parse(stdout) as Report & { readonly fragments: string };
      expect(report.fragments).toBe("in three fragments");
      return report;
    });
  });
});

describe.runIf(requirement("real client tests: gorilla/websocket", hasGorilla(), HOW_TO_INSTALL_GORILLA))(
  "gorilla/websocket",
  () => {
    test("talks to the server, compressing or not", { timeout: 120_000 }, async () => {
      const program = await buildGorilla();
      await checkClient(async (base) => {
        const { stdout } = await run(program, ["play", base]);
        return JSON.parse(stdout) as Report;
      });
      await checkClient(
        async (base) => {
          const { stdout } = await run(program, ["play", base, "compressed"]);
          const report = JSON.parse(stdout) as Report & { readonly extensions: string };
          expect(report.extensions).toBe(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=13",
          );
          return report;
        },
        { compression: { thresholdBytes: 0 } },
      );
    });
  },
);

describe("the ws package", () => {
  async function closing(peer: EchoPeer): Promise<Closing> {
    const { code, reason } = await peer.closed;
    return { code, reason, wasClean: code !== 1006 };
  }

  test.each([
    ["without compression", false],
    ["offering compression, which is declined", true],
  ])("talks to the server, %s", async (_, perMessageDeflate) => {
    await checkClient(async (base) => {
      const first = await EchoPeer.connect(`${base}/echo`, { perMessageDeflate }, ["v1", "v2"]);
      const { protocol: subprotocol } = first.socket;
      const echoes = {
        subprotocol,
        text: String(await first.echo("héllo ⚓")),
        empty: String(await first.echo("")),
        binary: ((await first.echo(Uint8Array.of(0, 127, 128, 255))) as Buffer).toString("hex"),
        largeText: (await first.echo("é".repeat(200_000))) === "é".repeat(200_000),
        largeBinary: Buffer.alloc(500_000, 7).equals((await first.echo(Buffer.alloc(500_000, 7))) as Buffer),
      };
      first.socket.close(4000, "done ⚓");
      const closedByUs = await closing(first);
      const closedByServer = await closing(await EchoPeer.connect(`${base}/close`));
      const refused = (await EchoPeer.refusedStatus(`${base}/nowhere`)) === 404;
      return { ...echoes, closedByUs, closedByServer, refused };
    });
  });

  test("sends fragments, pings and pongs, and is pinged", async () => {
    const server = await listening({
      routes: {
        "/": {
          open: (socket) => void socket.ping("from the server"),
          message: (socket, message) => socket.write(message),
        },
      },
    });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    const pinged = once(socket, "ping") as Promise<[Buffer]>;
    await once(socket, "open");
    expect(String((await pinged)[0])).toBe("from the server");
    const [message, ponged] = [once(socket, "message"), once(socket, "pong")];
    socket.send("in ", { fin: false });
    socket.ping("from the client");
    socket.send("two", { fin: true });
    expect(String((await ponged)[0])).toBe("from the client");
    expect(String((await message)[0])).toBe("in two");
    socket.close();
    await once(socket, "close");
  });
});
