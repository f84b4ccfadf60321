import { describe, expect, test } from "vitest";

import { Roster, RosterMember } from "../../src/internal/roster.js";

class Named extends RosterMember {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

function rosterOf(...names: readonly string[]): { roster: Roster<Named>; members: Named[] } {
  const roster = new Roster<Named>();
  const members = names.map((name) => new Named(name));
  for (const member of members) roster.add(member);
  return { roster, members };
}

function namesIn(roster: Roster<Named>): string[] {
  return [...roster].map(({ name }) => name);
}

describe("Roster", () => {
  test("has who came and has not left, in the order of coming", () => {
    const { roster, members } = rosterOf("a", "b", "c");
    const [first, second] = members as [Named, Named];
    expect(namesIn(roster)).toEqual(["a", "b", "c"]);
    roster.delete(second);
    expect(namesIn(roster)).toEqual(["a", "c"]);
    expect(roster.size).toBe(2);
    expect(roster.has(first)).toBe(true);
    expect(roster.has(second)).toBe(false);
  });

  test("counts who leaves twice once, and who was never here not at all", () => {
    const { roster, members } = rosterOf("a", "c");
    const [member] = members as [Named];
    const other = rosterOf("b");
    const [elsewhere] = other.members as [Named];
    roster.delete(member);
    roster.delete(member);
    roster.delete(elsewhere);
    roster.delete(new Named("d"));
    expect(roster.size).toBe(1);
    expect(roster.has(elsewhere)).toBe(false);
    expect(other.roster.has(elsewhere)).toBe(true);
  });

  test("takes who has left into another, and back", () => {
    const { roster, members } = rosterOf("a", "b");
    const [member] = members as [Named];
    const { roster: other } = rosterOf("c");
    roster.delete(member);
    other.add(member);
    expect(namesIn(other)).toEqual(["c", "a"]);
    other.delete(member);
    roster.add(member);
    expect(namesIn(roster)).toEqual(["b", "a"]);
    expect([roster.size, other.size]).toEqual([2, 1]);
  });

  test("is gone through while others come and leave, the one at hand among them", () => {
    const { roster, members } = rosterOf("0", "1", "2", "3", "4", "5");
    const last = new Named("6");
    const leave = (...names: readonly string[]): void => {
      for (const member of [...members, last]) if (names.includes(member.name)) roster.delete(member);
    };
    const seen: string[] = [];
    for (const { name } of roster) {
      seen.push(name);
      if (name === "0") leave("0");
      if (name === "2") leave("1", "2", "3");
      if (name === "5") roster.add(last);
      if (name === "6") leave("4", "5", "6");
    }
    expect(seen).toEqual(["0", "1", "2", "4", "5", "6"]);
    expect(roster.size).toBe(0);
    expect(namesIn(roster)).toEqual([]);
  });

  test("goes on from where one stood who left while nothing else moved", () => {
    const { roster, members } = rosterOf("0", "1", "2", "3");
    const walk = roster[Symbol.iterator]();
    expect([walk.next().value?.name, walk.next().value?.name]).toEqual(["0", "1"]);
    for (const member of members.slice(1, 3)) roster.delete(member);
    expect(walk.next().value?.name).toBe("3");
    expect(walk.next().done).toBe(true);
  });
});
