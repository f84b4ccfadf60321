import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { RequirementReporter } from "./test/support/requirement-reporter.js";

const onCi = process.env["CI"] === "true";

/** Folders whose tests run the built package (`dist`) as a user would: they alone wait for a build. */
const packageTests = [
  "test/cli/**/*.test.ts",
  "test/browser/**/*.test.ts",
  "test/examples/**/*.test.ts",
  "test/package/**/*.test.ts",
  // Behind other programs (proxies): they take long and cover nothing that the rest does not.
  "test/deploy/**/*.test.ts",
];

/** Attacks, crowds, and the libraries of others: a minute that covers nothing which the rest does not. */
const integrationTests = ["test/integration/**/*.test.ts"];

const config: ViteUserConfig = defineConfig({
  test: {
    pool: "forks",
    // By default one core is left idle, which is half of a small machine.
    maxWorkers: availableParallelism(),
    // Test files share the modules that a worker has loaded: half the time of a run, and what one file leaves behind
    // in them (a timer, a queued byte) is noticed by the next.
    isolate: false,
    restoreMocks: true,
    // A test that hangs must end, not one that waits for a busy machine.
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: { name: "source", include: ["test/**/*.test.ts"], exclude: [...packageTests, ...integrationTests] },
      },
      {
        extends: true,
        test: { name: "integration", include: integrationTests },
      },
      {
        extends: true,
        test: { name: "package", include: packageTests, globalSetup: ["test/support/build.ts"] },
      },
    ],
    reporters: ["default", new RequirementReporter(), ...(onCi ? ["json" as const] : [])],
    outputFile: { json: "test-artefacts/results.json" },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text", "html", "json-summary"],
      thresholds: {
        "src/protocol/**": { lines: 100, branches: 100, functions: 100, statements: 100 },
      },
    },
  },
});

export default config;
