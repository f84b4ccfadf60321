import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a page may link to: where it is, and its headings. */
interface Page {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

const SITE = "http://site";

/**
 * Links within the built site that lead nowhere, a missing heading included: vitepress itself looks for pages alone.
 *
 * @param outDir where the site was built
 * @returns `"/tutorial.html: /client.html#nothing"` for each
 */
export async function deadLinks(outDir: string): Promise<string[]> {
  const files = await readdir(outDir, { recursive: true });
  const addresses = new Set(files.map((file) => `/${file}`));
  const pages = new Map<string, Page>();
  for (const address of addresses) {
    if (address.endsWith(".html")) pages.set(address, pageOf(await readFile(join(outDir, address), "utf8")));
  }
  return [...pages].flatMap(([address, { links }]) =>
    links.filter((link) => isDead(link, address, pages, addresses)).map((link) => `${address}: ${link}`),
  );
}

function pageOf(html: string): Page {
  return {
    links: [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, link]) => link as string),
    anchors: new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string)),
  };
}

function isDead(link: string, from: string, pages: ReadonlyMap<string, Page>, addresses: ReadonlySet<string>): boolean {
  const { origin, protocol, pathname, hash } = new URL(link.replaceAll("&amp;", "&"), SITE + from);
  if (origin !== SITE) return !["http:", "https:", "mailto:"].includes(protocol);
  const address = [pathname, `${pathname}.html`, `${pathname}index.html`].find((each) => addresses.has(each));
  if (address === undefined) return true;
  const anchor = decodeURIComponent(hash.slice(1));
  return anchor !== "" && pages.get(address)?.anchors.has(anchor) === false;
}
