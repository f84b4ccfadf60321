import { defineConfig, type ViteUserConfig } from "vitest/config";

/** The tests that `npm run mutation` runs against each mutant: those of the protocol core, and no others. */
const config: ViteUserConfig = defineConfig({
  test: { include: ["test/protocol/**/*.test.ts"] },
});

export default config;
