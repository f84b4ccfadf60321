/**
 * The dependency rule of ARCHITECTURE.md. Each folder of src is a layer: this table says which other layers it may
 * import, which packages, and whether it may use Node. What is not allowed here is an error.
 */
const layers = {
  internal: { layers: [], packages: [], node: false },
  protocol: { layers: ["internal"], packages: [], node: false },
  connection: { layers: ["protocol", "internal"], packages: [], node: true },
  server: { layers: ["connection", "protocol", "internal"], packages: ["send"], node: true },
  reconnecting: { layers: ["internal"], packages: [], node: false },
  observers: { layers: ["connection"], packages: ["prom-client", "@opentelemetry/api"], node: false },
  trace: { layers: ["connection", "internal"], packages: [], node: true },
  json: { layers: ["connection", "protocol", "internal"], packages: [], node: false },
  client: { layers: ["connection", "reconnecting", "protocol", "internal"], packages: ["socks"], node: true },
  web: { layers: ["client", "protocol", "internal"], packages: [], node: true },
  cli: {
    layers: ["server", "client", "observers", "trace", "connection", "protocol"],
    packages: ["selfsigned"],
    node: true,
  },
};

/** @param {string[]} names */
const anyOf = (names) => `(?:${names.join("|")})`;
const everyPackage = anyOf(Object.values(layers).flatMap((layer) => layer.packages));
const npm = [
  "npm",
  "npm-dev",
  "npm-optional",
  "npm-peer",
  "npm-bundled",
  "npm-no-pkg",
  "npm-unknown",
  "undetermined",
  "unknown",
];

const layerRules = Object.entries(layers).flatMap(([name, allowed]) => [
  {
    name: `${name}-imports-only-the-layers-below`,
    comment: `${name} may import from: ${allowed.layers.join(", ") || "no other layer"}.`,
    severity: "error",
    from: { path: `^src/${name}/` },
    to: { path: "^src/", pathNot: `^src/${anyOf([name, ...allowed.layers])}/` },
  },
  {
    name: `${name}-imports-only-its-packages`,
    comment: `${name} may use these packages: ${allowed.packages.join(", ") || "none"}.`,
    severity: "error",
    from: { path: `^src/${name}/` },
    to: {
      dependencyTypes: npm,
      ...(allowed.packages.length > 0 && { pathNot: `(?:^|/)node_modules/${anyOf(allowed.packages)}/` }),
    },
  },
  ...(allowed.node
    ? []
    : [
        {
          name: `${name}-does-without-node`,
          comment: `${name} runs on every JavaScript runtime.`,
          severity: "error",
          from: { path: `^src/${name}/` },
          to: { dependencyTypes: ["core"] },
        },
      ]),
]);

/** @type {import("dependency-cruiser").IConfiguration} */
const config = {
  forbidden: [
    ...layerRules,
    {
      name: "every-source-file-is-in-a-layer",
      comment: "A new folder of src gets a line in the table above first.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/${anyOf(Object.keys(layers))}/` },
      to: {},
    },
    {
      name: "a-folder-is-entered-through-its-index",
      comment:
        "Import the other folder's index.ts. The files of internal are imported directly: it has no index. So is the connection's error, by what does without Node.",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: {
        path: "^src/",
        pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$", "^src/internal/", "^src/connection/connection-error\\.ts$"],
      },
    },
    {
      name: "optional-packages-load-lazily",
      comment:
        "A server that serves no files and makes no certificate loads no package: use import() where it is needed. Each adapter of observers is an entry point of its own.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/observers/" },
      to: {
        path: `(?:^|/)node_modules/${everyPackage}/`,
        dynamic: false,
        dependencyTypesNot: ["type-only", "type-import"],
      },
    },
    {
      name: "no-cycle",
      comment: "Imports of types count too.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "Nothing imports this file and it imports nothing.",
      severity: "error",
      from: { orphan: true, path: "^src/" },
      to: {},
    },
    {
      name: "source-stands-alone",
      comment: "src is published; tests, benchmarks and examples are not.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(?:test|bench|examples)/" },
    },
    {
      name: "examples-use-the-public-entry-points",
      comment: "An example imports halyard/server and the like, as its reader will.",
      severity: "error",
      from: { path: "^examples/" },
      to: { path: "^(?:src|test|bench)/", pathNot: "^src/[^/]+/index\\.ts$" },
    },
    {
      name: "every-import-resolves",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(?:^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["types", "import", "node", "default"] },
  },
};

export default config;
