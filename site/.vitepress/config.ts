import type { DefaultTheme, UserConfig } from "vitepress";
import { addressOf } from "../addresses.js";
import { sideBar, topBar } from "../navigation.js";
import { RepositoryLinks } from "../repository-links.js";

const links = new RepositoryLinks();

/**
 * The site is made of the repository's own Markdown, each page at the address below. Links between pages are written as a code
 * host follows them; one that leads nowhere fails the build.
 */
const config: UserConfig<DefaultTheme.Config> = {
  title: "Halyard",
  description: "WebSockets for TypeScript: back-pressure both ways, strict RFC 6455, safe defaults.",
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: "..",
  outDir: "dist",
  cacheDir: "cache",
  srcExclude: ["!(docs|site)/**/*", "site/dist/**"],
  rewrites: (file) => addressOf(file) ?? file,
  ignoreDeadLinks: "localhostLinks",
  markdown: { config: (markdown) => links.rewriteIn(markdown) },
  themeConfig: {
    nav: topBar,
    sidebar: sideBar,
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: false, next: false },
  },
  buildEnd: ({ outDir }) => links.copyTo(outDir),
};

export default config;
