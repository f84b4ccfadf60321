import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Whose mutants are run: `npm run mutation` takes the protocol core, `npm run mutation:reconnecting` the reconnecting client. */
const part = process.env["MUTATED"] ?? "protocol";

/** What the core does with frames that others have found is tested with those who find them. */
const elsewhere: readonly string[] = part === "protocol" ? ["test/connection/whole-frames.test.ts"] : [];

/** The tests that are run against each mutant: those of the same part, and few others. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: [`test/${part}/**/*.test.ts`, ...elsewhere],
    exclude: ["test/reconnecting/life.test.ts"], // seconds for each mutant
    // A test that hangs must end, not one that waits for a busy machine.
    testTimeout: 20_000,
  },
});

export default config;
