import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { frameBytes, MASK_KEY } from "../../protocol/support/frame-bytes.js";
import { closeOf } from "../../support/turns.js";
import { upgradeRequest } from "../../support/upgrade-request.js";
import { below, isTrueFor, oneOf, someLength } from "./chance.js";
import type { Visit } from "./host.js";

async function openTcp(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {}); // what it deserves
  await once(socket, "connect");
  return socket;
}

function vanish(socket: Socket): void {
  if (isTrueFor(0.5)) socket.resetAndDestroy();
  else socket.destroy();
}

/** Subscribes and reads nothing, for a while. */
export const sleep: Visit = async ({ port }) => {
  const socket = await openTcp(port);
  socket.pause();
  socket.write(upgradeRequest({ path: "/news" }));
  await delay(below(1000));
  vanish(socket);
};

const masked = { maskKey: MASK_KEY };

/** What nobody should send behind a handshake. */
const misbehaviour: readonly (() => Uint8Array)[] = [
  () => randomBytes(below(3000)),
  () => frameBytes({ opcode: 1, payload: "not masked" }),
  () => frameBytes({ ...masked, opcode: 2, payload: randomBytes(someLength()) }).subarray(0, below(500)),
  () => frameBytes({ ...masked, opcode: 2, isFinal: false, payload: randomBytes(someLength()) }),
  () => frameBytes({ ...masked, opcode: 1, payload: Uint8Array.of(0xc3, 0x28) }),
  () => Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]),
  () => repeated(frameBytes({ ...masked, opcode: 9, payload: "ping" })),
  () => repeated(frameBytes({ ...masked, opcode: 0, payload: "", isFinal: false })),
  () => frameBytes({ ...masked, opcode: 8, payload: randomBytes(below(126)) }),
];

function repeated(frame: Uint8Array): Uint8Array {
  return Buffer.concat(Array.from({ length: 200 }, () => frame));
}

/** What nobody should send. */
const mischief: readonly (() => Uint8Array)[] = [
  () => randomBytes(below(3000)),
  () => Buffer.from("GET / HTTP/1.1\r\n"),
  () => Buffer.from(upgradeRequest({ path: "/echo" })).subarray(0, below(150)),
  () => Buffer.from(upgradeRequest({ path: "/nowhere" })),
  ...misbehaviour.map((frames) => () => Buffer.concat([Buffer.from(upgradeRequest({ path: "/echo" })), frames()])),
];

/** Does that, and leaves in one way or another, or is thrown out. */
export const vandalise: Visit = async ({ port, strictPort, securePort }) => {
  const socket = await openTcp(oneOf([port, strictPort, securePort]));
  socket.resume();
  socket.write(oneOf(mischief)());
  if (isTrueFor(0.5)) await delay(below(50));
  if (isTrueFor(0.3)) socket.end();
  await Promise.race([closeOf(socket), delay(below(100))]);
  vanish(socket);
};
