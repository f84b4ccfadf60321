import type { DefaultTheme, UserConfig } from "vitepress";
import { addressOf, slugOf } from "../addresses.js";
import { deadLinks } from "../dead-links.js";
import { sideBar, topBar } from "../navigation.js";
import { keepRangesTogether } from "../ranges.js";
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
  markdown: {
    attrs: { disable: true }, // braces at the end of a cell or a line are text here: `like { port: 8080 }`
    anchor: { slugify: slugOf },
    config(markdown) {
      links.rewriteIn(markdown);
      keepRangesTogether(markdown);
    },
  },
  themeConfig: {
    nav: topBar,
    sidebar: sideBar,
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        miniSearch: {
          // Guides before the reference, and what is in English before its translation.
          searchOptions: { boostDocument: (id: string) => (id.startsWith("/api/") || id.includes(".zh-CN") ? 0.4 : 1) },
        },
      },
    },
    docFooter: { prev: false, next: false },
  },
  async buildEnd({ outDir }) {
    links.copyTo(outDir);
    const dead = await deadLinks(outDir);
    if (dead.length > 0) throw new Error(`links that lead nowhere:\n${dead.join("\n")}`);
  },
};

export default config;
