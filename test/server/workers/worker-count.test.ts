import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { processBudget } from "../../../src/connection/index.js";
import { serve } from "../../../src/server/index.js";
import { budgetOfWorker } from "../../../src/server/workers/worker-budget.js";
import { resolveWorkerCount } from "../../../src/server/workers/worker-count.js";
import { environmentOf, placeIn } from "../../../src/server/workers/worker-environment.js";

describe("option workers", () => {
  test.each([
    [undefined, 1],
    [1, 1],
    [1024, 1024],
    ["auto", availableParallelism()],
  ])("%s stands for %i processes", (workers, count) => {
    expect(resolveWorkerCount(workers)).toBe(count);
  });

  test.each([
    [0, RangeError],
    [1025, RangeError],
    [1.5, RangeError],
    [Number.NaN, RangeError],
    ["2", TypeError],
    [null, TypeError],
  ])("%s is refused before anything is started", async (workers, type) => {
    const failure = await serve({ routes: {}, workers: workers as number }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(/^option workers got .+; it takes "auto" or an integer from 1 to 1024$/);
  });

  test("1 is a server as without it", async () => {
    const server = await serve({ host: "127.0.0.1", routes: {}, workers: 1 });
    expect(server.role).toBe("alone");
    expect(server.http.listening).toBe(true);
    expect(await server.close()).toEqual({ closed: 0, terminated: 0 });
  });
});

test("each of several workers has its share of the memory that queued bytes may take", () => {
  expect(budgetOfWorker(4).maxBytes).toBe(Math.floor(processBudget.maxBytes / 4));
  expect(budgetOfWorker(Number.MAX_SAFE_INTEGER).maxBytes).toBe(1);
});

test.each([
  { workerId: 3, count: 8, port: undefined },
  { workerId: 1, count: 1, port: 8080 },
])("a worker finds its place %j in its environment", (place) => {
  expect(placeIn({ PATH: "/bin", ...environmentOf(place) })).toEqual(place);
});

test("a process that is no worker finds none", () => {
  expect(placeIn({ PATH: "/bin" })).toBe(undefined);
});
