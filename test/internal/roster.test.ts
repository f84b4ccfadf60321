import { describe, expect, test } from "vitest";

import { Roster } from "../../src/internal/roster.js";

describe("Roster", () => {
  test("has who came and has not left, in the order of coming", () => {
    const roster = new Roster<string>();
    const [first, second] = ["a", "b", "c"].map((item) => roster.add(item));
    expect([...roster]).toEqual(["a", "b", "c"]);
    if (second !== undefined) roster.delete(second);
    expect([...roster]).toEqual(["a", "c"]);
    expect(roster.size).toBe(2);
    expect(first !== undefined && roster.has(first)).toBe(true);
    expect(second !== undefined && roster.has(second)).toBe(false);
  });

  test("counts who leaves twice once, and who was never here not at all", () => {
    const roster = new Roster<string>();
    const place = roster.add("a");
    const elsewhere = new Roster<string>().add("b");
    roster.add("c");
    roster.delete(place);
    roster.delete(place);
    roster.delete(elsewhere);
    expect(roster.size).toBe(1);
    expect(roster.has(elsewhere)).toBe(false);
    expect(elsewhere.roster.has(elsewhere)).toBe(true);
  });

  test("is gone through while others come and leave, the one at hand among them", () => {
    const roster = new Roster<number>();
    const places = [0, 1, 2, 3, 4, 5].map((item) => roster.add(item));
    const leave = (...items: readonly number[]): void => {
      for (const place of places) if (items.includes(place.item)) roster.delete(place);
    };
    const seen: number[] = [];
    for (const item of roster) {
      seen.push(item);
      if (item === 0) leave(0);
      if (item === 2) leave(1, 2, 3);
      if (item === 5) places.push(roster.add(6));
      if (item === 6) leave(4, 5, 6);
    }
    expect(seen).toEqual([0, 1, 2, 4, 5, 6]);
    expect(roster.size).toBe(0);
    expect([...roster]).toEqual([]);
  });

  test("goes on from where one stood who left while nothing else moved", () => {
    const roster = new Roster<number>();
    const places = [0, 1, 2, 3].map((item) => roster.add(item));
    const walk = roster[Symbol.iterator]();
    expect([walk.next().value, walk.next().value]).toEqual([0, 1]);
    for (const place of places.slice(1, 3)) roster.delete(place);
    expect(walk.next().value).toBe(3);
    expect(walk.next().done).toBe(true);
  });
});
