import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { compileProgram } from "../examples/program.js";
import { comeBack, echo, echoByHandler, echoOfWeb, echoOfWs, echoSome, listen, speak, stream } from "./soak/guests.js";
import type { Host, Visit } from "./soak/host.js";
import { sleep, vandalise } from "./soak/nuisances.js";

const MIB = 1024 * 1024;
/** `npm run proof:soak` takes twenty minutes; each change is tested for some seconds. */
const minutes = Number(process.env["HALYARD_SOAK_MINUTES"] ?? 0.1);
/** At the end of a scene everybody leaves. */
const SCENES = 12;
/**
 * How much more the server may hold in the last third of the scenes than in the first, at the least: far less than an object for each visit,
 * and bytes for what comes and goes, as memory for reuse and compiled code.
 */
const MORE_OBJECTS = 300;
const MORE_BYTES = 8 * MIB;

/** Who comes, and how many of them at a time. */
const cast: readonly (readonly [Visit, number])[] = [
  [echo, 12],
  [echoSome, 4],
  [echoByHandler, 4],
  [echoOfWeb, 4],
  [echoOfWs, 4],
  [stream, 3],
  [speak, 4],
  [listen, 20],
  [comeBack, 4],
  [sleep, 4],
  [vandalise, 8],
];

/** What the server says of itself. */
interface Look {
  /** All that there are in JavaScript. */
  readonly objects: number;
  readonly liveBytes: number;
  /** Those that are open. */
  readonly connections: number;
  readonly errors: readonly string[];
}

/** The server, in a process of its own. */
class SoakedServer {
  readonly #child: ChildProcess;
  readonly #ca: string;

  private constructor(key: string, cert: string) {
    const file = compileProgram("test/package/soak/server.fixture.ts", "soak-server");
    this.#ca = cert;
    this.#child = fork(file, [key, cert], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  static async start(): Promise<SoakedServer> {
    const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }]);
    return new SoakedServer(key, cert);
  }

  async host(): Promise<Host> {
    const { ports } = await this.#hear<{ ports: readonly [number, number, number] }>();
    const [port, strictPort, securePort] = ports;
    return { port, strictPort, securePort, ca: this.#ca };
  }

  async look(): Promise<Look> {
    this.#child.send("look");
    return await this.#hear<Look>();
  }

  async #hear<Said>(): Promise<Said> {
    const over = new AbortController();
    const said = once(this.#child, "message", over).then(([message]) => message as Said);
    const ended = once(this.#child, "exit", over).then(([code, signal]) => {
      throw new Error(`the server has ended: ${code ?? signal}`);
    });
    return await Promise.race([said, ended]).finally(() => over.abort());
  }

  /** Looks until everybody has left. */
  async empty(): Promise<Look> {
    for (;;) {
      const look = await this.look();
      if (look.connections === 0) return look;
      await delay(20);
    }
  }
}

/** Has the whole cast come again and again; gives how many visits there were. */
async function play(host: Host, durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs;
  let visits = 0;
  const actors = cast.flatMap(([visit, count]) =>
    Array.from({ length: count }, async () => {
      for (; performance.now() < endMs; visits++) {
        await visit(host).catch((cause: unknown) => {
          throw new Error(`a visit "${visit.name}" went wrong`, { cause });
        });
      }
    }),
  );
  await Promise.all(actors);
  return visits;
}

/** How much more is held for good than in the first third: what is held for good is in each look. */
function grown(held: readonly number[]): number {
  const third = held.length / 3;
  return Math.min(...held.slice(-third)) - Math.min(...held.slice(1, third));
}

test(
  `a server visited for ${minutes * 60} seconds by all kinds of peers answers all, and holds no more at the end than before`,
  { timeout: (minutes + 2) * 60_000 },
  async () => {
    const server = await SoakedServer.start();
    const host = await server.host();
    const looks: Look[] = [];
    let visits = 0;
    for (let scene = 0; scene < SCENES; scene++) {
      visits += await play(host, (minutes * 60_000) / SCENES);
      looks.push(await server.empty());
    }
    const objects = looks.map((look) => look.objects);
    const liveBytes = looks.map((look) => look.liveBytes);
    console.log(`${visits} visits; after each scene ${objects.join(" ")} objects; ${liveBytes.join(" ")} bytes`);
    expect(looks.flatMap(({ errors }) => errors)).toEqual([]);
    expect(grown(objects)).toBeLessThan(MORE_OBJECTS);
    expect(grown(liveBytes)).toBeLessThan(MORE_BYTES);
  },
);
