import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The name of a file that is not there yet, in a folder that is gone after the test. */
export function newFile(name = "frames.jsonl"): string {
  const folder = mkdtempSync(join(tmpdir(), "halyard-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}
