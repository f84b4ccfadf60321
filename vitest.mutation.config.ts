import { defineConfig, type ViteUserConfig } from "vitest/config";

/** The tests that `npm run mutation` runs against each mutant: those of the protocol core, and no others. */
const config: ViteUserConfig = defineConfig({
  // A test that hangs must end, not one that waits for a busy machine.
  test: { include: ["test/protocol/**/*.test.ts"], testTimeout: 20_000 },
});

export default config;
