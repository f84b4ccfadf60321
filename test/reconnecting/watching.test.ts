import { describe, expect, test } from "vitest";
import { World } from "./world.js";

const heartbeat = { probe: "ping", intervalMs: 20_000, timeoutMs: 10_000 };

describe("a reconnecting socket with a heartbeat", () => {
  test("asks nothing over a socket that closes", async () => {
    const world = new World();
    await world.opened({ heartbeat });
    world.socket.readyState = 2;
    await world.pass(20_000);
    expect(world.socket.sent).toEqual([]);
  });

  test("asks after silence, and gives a server up that does not answer", async () => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.pass(19_000);
    expect(world.socket.sent).toEqual([]);
    await world.pass(1_000);
    expect(world.socket.sent).toEqual(["ping"]);
    await world.pass(9_000);
    expect(subject.state.kind).toBe("open");
    await world.pass(2_500);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "silent" } });
    expect(world.sockets[0]?.closes).toEqual([[]]);
  });

  test("is content with anything that comes, and asks nothing of a server that talks", async () => {
    const world = new World();
    const subject = await world.opened({ heartbeat: { ...heartbeat, probe: () => "now?" } });
    for (let times = 0; times < 10; times++) {
      await world.pass(15_000);
      world.socket.say("news");
    }
    expect(world.socket.sent).toEqual([]);
    await world.pass(20_000);
    expect(world.socket.sent).toEqual(["now?"]);
    world.socket.say("news");
    await world.pass(19_000);
    expect(subject.kinds).toEqual(["open"]);
  });

  test("gives all that comes to its listeners, where nothing says what an answer is", async () => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.pass(20_000);
    for (const message of ["pong", "ping"]) world.socket.say(message);
    expect(subject.messages).toEqual(["pong", "ping"]);
  });

  test("asks anew after a sleep, and does not blame the server for it", async () => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.sleep(3_600_000);
    expect(subject.state.kind).toBe("open");
    expect(world.socket.sent).toEqual(["ping"]);
    world.socket.say("pong");
    await world.pass(15_000);
    expect(subject.kinds).toEqual(["open"]);
  });

  test.each([3_600_000, 60_000])("notices a dead line in time though the clock was set back by %i ms", async (byMs) => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.pass(10_000);
    world.setClock(-byMs);
    await world.pass(25_000);
    expect(world.sockets[0]?.sent).toEqual(["ping"]);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "silent" } });
  });

  test("asks anew after a sleep though a question was out before it", async () => {
    const world = new World();
    await world.opened({ heartbeat });
    await world.pass(20_000);
    await world.sleep(3_600_000);
    expect(world.socket.sent).toEqual(["ping", "ping"]);
  });

  test("does not count the time in which it could not look", async () => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    await world.pass(20_000);
    await world.sleep(60_000); // throttled, with the probe out
    expect(subject.state.kind).toBe("open");
    await world.pass(5_000);
    expect(subject.state.kind).toBe("open");
    await world.pass(7_500);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "silent" } });
  });

  test.each(["visible", "resume", "online"] as const)("asks at once when the page is told: %s", async (event) => {
    const world = new World();
    const subject = await world.opened({ heartbeat });
    world.tell("freeze");
    world.tell(event);
    world.tell(event);
    expect(world.socket.sent).toEqual(["ping", "ping"]); // and its time runs from the first
    await world.pass(12_500);
    expect(subject.states.at(1)).toMatchObject({ reason: { kind: "silent" } });
  });
});

describe("a reconnecting socket without a heartbeat", () => {
  test("counts a freeze once", async () => {
    const world = new World();
    const subject = await world.opened();
    world.tell("freeze");
    await world.pass(1_000);
    world.tell("resume");
    await world.pass(100_000);
    world.tell("resume"); // out of the back/forward cache, say
    expect(subject.kinds).toEqual(["open"]);
  });

  test("does not take silence for an end", async () => {
    const world = new World();
    const subject = await world.opened();
    await world.pass(3_600_000);
    expect(subject.kinds).toEqual(["open"]);
  });

  test("takes it for one after silenceTimeoutMs", async () => {
    const world = new World();
    const subject = await world.opened({ silenceTimeoutMs: 40_000 });
    await world.pass(35_000);
    world.socket.say("news");
    await world.pass(39_000);
    expect(subject.state.kind).toBe("open");
    await world.pass(5_000);
    expect(subject.states.at(1)).toMatchObject({ reason: { kind: "silent" } });
  });

  test("gives up a socket from which nothing leaves for stallTimeoutMs", async () => {
    const world = new World();
    const subject = await world.opened({ stallTimeoutMs: 10_000 });
    for (const buffered of [100, 90, 80, 70]) {
      world.socket.bufferedAmount = buffered;
      await world.pass(7_500);
    }
    expect(subject.state.kind).toBe("open");
    await world.pass(10_000);
    expect(subject.states.at(1)).toMatchObject({ reason: { kind: "stalled" } });
  });

  test("takes no busy line for a dead one, though more is sent than leaves", async () => {
    const world = new World();
    const subject = await world.opened({ stallTimeoutMs: 10_000 });
    for (const buffered of [10, 15, 20, 25, 30]) {
      subject.socket.send("x".repeat(10));
      world.socket.bufferedAmount = buffered; // as if 5 bytes had left each time but the first
      await world.pass(7_500);
    }
    expect(subject.state.kind).toBe("open");
    await world.pass(10_000);
    expect(subject.states.at(1)).toMatchObject({ reason: { kind: "stalled" } });
  });

  test("does not trust a connection after a sleep", async () => {
    const world = new World();
    const subject = await world.opened({ sleepThresholdMs: 60_000 });
    await world.sleep(64_999); // 59,999 late
    expect(subject.state.kind).toBe("open");
    await world.pass(5_000);
    await world.sleep(65_000);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "slept", forMs: 60_000 } });
  });

  test("does not trust a connection after the clock was set back", async () => {
    const world = new World();
    const subject = await world.opened({ sleepThresholdMs: 60_000 });
    world.setClock(-59_999);
    await world.pass(5_000);
    expect(subject.state.kind).toBe("open");
    world.setClock(-60_000);
    await world.pass(5_000);
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "slept", forMs: 60_000 } });
  });

  test("does not miss a sleep because the page became visible before its timers ran", async () => {
    const world = new World();
    const subject = await world.opened();
    const sleeping = world.sleep(100_000); // the clock first, then the timers
    world.tell("visible");
    await sleeping;
    expect(subject.states.at(1)).toMatchObject({ reason: { kind: "slept" } });
  });

  test("does not trust a connection after a long freeze, and does after a short one", async () => {
    const world = new World();
    const subject = await world.opened({ sleepThresholdMs: 60_000 });
    world.tell("freeze");
    void world.sleep(59_999);
    world.tell("resume");
    expect(subject.state.kind).toBe("open");
    world.tell("freeze");
    void world.sleep(60_000);
    world.tell("resume");
    expect(subject.states.at(1)).toMatchObject({ kind: "waiting", reason: { kind: "frozen", forMs: 60_000 } });
  });
});

describe("a reconnecting socket and the network", () => {
  test("gives a connection up when the browser is offline, and tries seldom until it is online", async () => {
    const world = new World();
    const subject = await world.opened({ firstDelayMs: 100, maxDelayMs: 30_000 });
    world.online = false;
    world.tell("offline");
    expect(subject.state).toMatchObject({
      kind: "waiting",
      delayMs: 22_500,
      isOnline: false,
      reason: { kind: "offline" },
    });
    await world.pass(1_000);
    world.online = true;
    world.tell("online");
    expect(subject.state).toMatchObject({ kind: "waiting", delayMs: 50, isOnline: true });
    await world.pass(50);
    expect(world.sockets.length).toBe(2);
  });

  test.each(["online", "visible", "resume"] as const)(
    "waits no longer than at first once it is told: %s",
    async (event) => {
      const world = new World();
      const subject = world.reconnecting({ firstDelayMs: 1_000, maxDelayMs: 1_000_000 });
      for (let attempt = 0; attempt < 10; attempt++) {
        await world.pass(subject.state.kind === "waiting" ? subject.state.delayMs : 0);
        world.socket.drop();
      }
      expect(subject.state).toMatchObject({ kind: "waiting", delayMs: 256_000 });
      const before = world.sockets.length;
      world.tell(event);
      expect(subject.state).toMatchObject({ kind: "waiting", delayMs: 500 });
      world.chance = 0.9;
      world.tell(event); // not later by it
      await world.pass(500);
      expect(world.sockets.length).toBe(before + 1);
    },
  );

  test("keeps nothing but its connection once it is open, and nothing at all once it is closed", async () => {
    const world = new World();
    const subject = await world.opened();
    expect([world.timers, world.watchers]).toEqual([1, 1]);
    world.socket.drop(1000);
    expect(subject.state.kind).toBe("closed");
    expect([world.timers, world.watchers]).toEqual([0, 0]);
  });
});
