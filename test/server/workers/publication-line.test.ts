import { describe, expect, test } from "vitest";
import { PublicationLine } from "../../../src/server/workers/publication-line.js";
import type { FromWorker } from "../../../src/server/workers/worker-message.js";
import { nextTurn } from "../../support/turns.js";

function setUp(maxBytes?: number) {
  const sent: unknown[] = [];
  const taken: (() => void)[] = [];
  let droppings = 0;
  const channel = {
    send: (message: object, onTaken: () => void) => {
      sent.push((message as { halyard: unknown }).halyard);
      taken.push(onTaken);
    },
  };
  const line = new PublicationLine<FromWorker>(channel, () => droppings++, maxBytes);
  return { line, sent, taken, droppings: () => droppings };
}

const [a, b, c] = ["a", "b", "c"].map((message) => ({ topic: "t", message })) as [Said, Said, Said];
interface Said {
  readonly topic: string;
  readonly message: string;
}

describe("PublicationLine", () => {
  test("sends what is published in one turn as one message, in order", async () => {
    const { line, sent } = setUp();
    line.publish(a);
    line.publish(b);
    expect(sent).toEqual([]);
    await nextTurn();
    line.publish(c);
    await nextTurn();
    expect(sent).toEqual([
      { kind: "publications", publications: [a, b] },
      { kind: "publications", publications: [c] },
    ]);
  });

  test("sends other messages behind what was published before", async () => {
    const { line, sent } = setUp();
    line.publish(a);
    line.send({ kind: "leave" });
    line.publish(b);
    await nextTurn();
    expect(sent).toEqual([
      { kind: "publications", publications: [a] },
      { kind: "leave" },
      { kind: "publications", publications: [b] },
    ]);
  });

  test("drops what comes above the limit until the other process reads, and says so each time that it begins", async () => {
    const { line, sent, taken, droppings } = setUp(100);
    for (const each of [a, b, c]) line.publish(each); // two fill it: 68 bytes each
    await nextTurn();
    line.publish(c);
    expect(droppings()).toBe(1);
    taken[0]?.();
    line.publish(c);
    await nextTurn();
    expect(sent).toEqual([
      { kind: "publications", publications: [a, b] },
      { kind: "publications", publications: [c] },
    ]);
    for (const each of [a, b]) line.publish(each);
    expect(droppings()).toBe(2);
  });

  test("takes one publication of any length", async () => {
    const { line, sent, droppings } = setUp(10);
    const long = { topic: "t", message: new Uint8Array(1_000) };
    line.publish(long);
    await nextTurn();
    expect(sent).toEqual([{ kind: "publications", publications: [long] }]);
    expect(droppings()).toBe(0);
  });
});
