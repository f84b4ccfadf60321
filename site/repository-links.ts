import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { addressOf } from "./addresses.js";

const REPOSITORY = resolve(import.meta.dirname, "..");
const COPIES = "files";

/**
 * Pages link to each other, and to sources and configurations, as all of them lie in the repository, so that the links work on
 * a code host too. Here they are made to lead to the pages' addresses, and to copies of the other files.
 */
export class RepositoryLinks {
  /** What pages link to that is no page: paths from the repository's root. */
  readonly #copied = new Set<string>();

  /** Teaches it to the parser of the pages. */
  rewriteIn(markdown: MarkdownRenderer): void {
    markdown.core.ruler.push("repository-links", ({ tokens, env }) => {
      const { path, realPath } = env as { path: string; realPath?: string };
      for (const token of tokens.flatMap(({ children }) => children ?? [])) {
        const href = token.type === "link_open" ? token.attrGet("href") : null;
        if (href === null) continue;
        const target = this.#onTheSite(href, dirname(realPath ?? path));
        token.attrSet("href", target);
        if (target.startsWith(`/${COPIES}/`)) token.attrSet("target", "_blank"); // no page: vitepress neither looks for it nor opens it itself
      }
      // The path behind a language says which file a test compares the code with; vitepress takes its digits for lines to mark.
      for (const token of tokens) if (token.type === "fence") token.info = token.info.replace(/ .*/, "");
    });
  }

  /** Copies the files that pages have linked to into the finished site. */
  copyTo(site: string): void {
    for (const file of this.#copied) {
      const copy = join(site, COPIES, copyOf(file));
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(REPOSITORY, file), copy);
    }
  }

  /** A link that leads nowhere stays as it is: vitepress then says so, and builds nothing. */
  #onTheSite(href: string, folder: string): string {
    if (/^(?:[a-z]+:|[/#])/.test(href)) return href;
    const [path = "", heading] = href.split("#");
    const target = resolve(folder, decodeURI(path));
    if (!existsSync(target) || !statSync(target).isFile()) return href;
    const file = relative(REPOSITORY, target);
    const address = addressOf(file);
    if (address !== undefined) return heading === undefined ? `/${address}` : `/${address}#${heading}`;
    this.#copied.add(file);
    return `/${COPIES}/${copyOf(file)}`;
  }
}

/** Sources as text, which browsers show; configurations under their own names. */
const copyOf = (file: string): string => (/\.(?:ts|json)$/.test(file) ? `${file}.txt` : file);
