import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { EchoPeer } from "../support/echo-peer.js";
import { type RunningServer, startServe } from "../support/halyard-process.js";
import { samplesOf } from "../support/samples.js";
import { firstReport } from "../support/status-events.js";

/** Each test starts three processes, on a machine that may be busy. */
const patience = { timeout: 60_000 };

/** A server with two workers that shows what goes on. */
async function startObserved(...flags: string[]): Promise<RunningServer> {
  return await startServe("--workers", "2", "--host", "127.0.0.1", "--metrics", "--status", ...flags);
}

/** A scrape, over a connection of its own: that of one goes to one worker, that of the next to the other. */
async function scrape({ url }: RunningServer): Promise<Record<string, number>> {
  const response = await fetch(new URL("/metrics", url), { headers: { Connection: "close" } });
  expect(response.status).toBe(200);
  return samplesOf(await response.text());
}

/** Scrapes until `isThere`; no counter may go back meanwhile. */
async function scrapeUntil(
  server: RunningServer,
  isThere: (samples: Record<string, number>) => boolean,
): Promise<Record<string, number>> {
  let before: Record<string, number> = {};
  for (;;) {
    const samples = await scrape(server);
    for (const [name, value] of Object.entries(before)) {
      if (!/_(?:open|queued_bytes)$/.test(name)) expect(samples[name], name).toBeGreaterThanOrEqual(value);
    }
    if (isThere(samples)) return samples;
    before = samples;
  }
}

/** Connects one after the other, so that the workers take turns: of many at once, whoever is quicker gets more. */
async function connectInTurn({ echoUrl }: RunningServer, count: number): Promise<EchoPeer[]> {
  const peers: EchoPeer[] = [];
  while (peers.length < count) {
    const peer = await EchoPeer.connect(echoUrl);
    expect(await peer.echo("hello")).toBe("hello");
    peers.push(peer);
  }
  return peers;
}

function workersOf({ process }: RunningServer): number[] {
  return execFileSync("pgrep", ["-P", String(process.pid)], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);
}

describe("halyard serve --metrics --status --workers 2", patience, () => {
  test("answers with the sum of all workers, whichever is asked", async () => {
    const server = await startObserved();
    await connectInTurn(server, 4);
    await EchoPeer.refusedStatus(server.echoUrl, { origin: "https://attacker.example" });
    for (let scraped = 0; scraped < 4; scraped++) {
      expect(await scrape(server)).toMatchObject({
        halyard_connections_open: 4,
        halyard_connections_total: 4,
        'halyard_messages_received_total{type="text"}': 4,
        'halyard_bytes_sent_total{type="text"}': 20,
        'halyard_refusals_total{code="origin-not-allowed"}': 1,
        halyard_handler_milliseconds_count: 4,
      });
    }
    const events = await fetch(new URL("/status/events", server.url));
    expect(await firstReport(events)).toMatchObject({ open: 4, messagesReceived: 4, bytesSent: 20 });
  });

  test("no counter goes back when a worker is killed; what it had told stays, and its connections count as lost", async () => {
    const server = await startObserved();
    await connectInTurn(server, 4);
    await scrape(server);
    const [first = 0] = workersOf(server);
    process.kill(first, "SIGKILL");
    const after = await scrapeUntil(server, ({ halyard_connections_open: open }) => open === 2);
    expect(after).toMatchObject({
      halyard_connections_total: 4,
      'halyard_messages_received_total{type="text"}': 4,
      'halyard_closes_total{code="1006"}': 2,
    });
    await server.process.complained(/was ended by SIGKILL/);
    const more = await EchoPeer.connect(server.echoUrl);
    await more.echo("hello");
    expect(await scrape(server)).toMatchObject({
      halyard_connections_total: 5,
      'halyard_messages_received_total{type="text"}': 5,
    });
  });

  test("a worker that is asked to leave tells all that it has counted", async () => {
    const server = await startObserved();
    const peers = await connectInTurn(server, 2);
    const [first = 0] = workersOf(server);
    process.kill(first, "SIGTERM"); // nobody has asked for its counts yet
    await Promise.race(peers.map(({ closed }) => closed));
    const after = await scrapeUntil(server, (samples) => samples['halyard_closes_total{code="1001"}'] === 1);
    expect(after).toMatchObject({
      halyard_connections_open: 1,
      halyard_connections_total: 2,
      'halyard_messages_received_total{type="text"}': 2,
    });
    expect(after).not.toHaveProperty('halyard_closes_total{code="1006"}');
  });

  test("a worker that does not answer delays a scrape by a second, and is in it with what it told before", async () => {
    const server = await startObserved();
    await connectInTurn(server, 2);
    await scrape(server);
    const [first = 0] = workersOf(server);
    process.kill(first, "SIGSTOP");
    // Connections that are handed to the stopped one wait; of two one is not.
    const scraped = await Promise.race([scrape(server), scrape(server)]);
    process.kill(first, "SIGCONT");
    expect(scraped).toMatchObject({ halyard_connections_open: 2, 'halyard_messages_received_total{type="text"}': 2 });
  });

  test("all workers ask for the same token, and it is printed once; it stops while somebody looks", async () => {
    const server = await startServe("--workers", "2", "--metrics", "--status");
    const [, token = ""] = await server.process.find(/Look inside at http:\S+\/status#(\S{24}) /);
    const status = async (Authorization: string): Promise<number> => {
      const headers = { Authorization, Connection: "close" };
      const response = await fetch(new URL("/metrics", server.url), { headers });
      await response.text();
      return response.status;
    };
    for (let asked = 0; asked < 4; asked++) {
      expect(await status("Bearer wrong")).toBe(401);
      expect(await status(`Bearer ${token}`)).toBe(200);
    }
    const headers = { Authorization: `Bearer ${token}` };
    const events = await fetch(new URL("/status/events", server.url), { headers });
    server.process.signal("SIGTERM");
    expect(await events.text()).toMatch(/^data: /); // it ends
    expect(await server.process.exited).toEqual({ code: 0, signal: null });
    const lines = `${server.process.stdout}${server.process.stderr}`.split("\n");
    expect(lines.filter((line) => line.includes(token))).toHaveLength(1);
  });
});
