import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readHistory, writeHistory } from "../../src/cli/history-file.js";
import { newFile } from "../support/new-file.js";

test("a history is its owner's alone, also where a file was there that all could read", async () => {
  const file = newFile();
  writeFileSync(file, "a line that is longer than the next ones\n");
  chmodSync(file, 0o644);
  await writeHistory(file, ["later", "sooner"]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe("sooner\nlater\n");
  expect(await readHistory(file)).toEqual(["later", "sooner"]);
});

test("a history that nobody is to keep leaves the device as it was", async () => {
  const { mode } = statSync("/dev/null");
  await writeHistory("/dev/null", ["line"]);
  expect(statSync("/dev/null").mode).toBe(mode);
  expect(await readHistory("/dev/null")).toEqual([]);
});
