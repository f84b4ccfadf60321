import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Whose mutants are run: `npm run mutation` takes the protocol core, `mutation:connection` what is between it and the socket, and so on. */
const part = process.env["MUTATED"] ?? "protocol";

/** Tests of a part that stand with others. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  // What the core does with frames that others have found is tested with those who find them.
  protocol: ["test/connection/whole-frames.test.ts"],
  // Topics are the server's; the audience that they publish to is of its connections. So is who shares the halves of those at rest.
  connection: ["test/server/topic-order.test.ts", "test/server/topic.test.ts", "test/server/resting.test.ts"],
};

/** Those that take seconds: run last, for most mutants are found by others. */
const slow = /(?:borrowing|sending-on|reading-on|receiving|guard|topic-order|write-queue|socket-paths)\.test\.ts$/;

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => Number(slow.test(a.moduleId)) - Number(slow.test(b.moduleId)));
  }
}

/** The tests that are run against each mutant: those of the same part, and few others. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: [`test/${part}/**/*.test.ts`, ...(elsewhere[part] ?? [])],
    exclude: ["test/reconnecting/life.test.ts"], // seconds for each mutant
    sequence: { sequencer: QuickFirst },
    // A test that hangs must end, not one that waits for a busy machine.
    testTimeout: 20_000,
  },
});

export default config;
