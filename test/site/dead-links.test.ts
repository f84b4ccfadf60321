import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { slugOf } from "../../site/addresses.js";
import { deadLinks } from "../../site/dead-links.js";

async function site(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halyard-site-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

function page(...links: readonly string[]): string {
  return `<h1 id="top"></h1>${links.map((link) => `<a class="x" href="${link}">there</a>`).join("")}`;
}

test("what leads nowhere in the documentation's site is found: pages, headings, files, schemes that no browser knows", async () => {
  const folder = await site({
    "index.html": page("/one", "/one.html#top", "/", "https://example.com/", "#top", "/files/a.conf", "mailto:a@b.c"),
    "one.html": page(
      "/two.html",
      "#nothing",
      "/api/#top",
      "./index#below",
      "pathname:///files/a.conf",
      "/files/b.conf",
    ),
    "api/index.html": page("../one#top", "./three.html"),
    "files/a.conf": "",
  });
  expect((await deadLinks(folder)).toSorted()).toEqual(
    [
      "/one.html: /two.html",
      "/one.html: #nothing",
      "/one.html: ./index#below",
      "/one.html: pathname:///files/a.conf",
      "/one.html: /files/b.conf",
      "/api/index.html: ./three.html",
    ].toSorted(),
  );
});

test.each([
  ["In a server's answer, where we are the client", "in-a-servers-answer-where-we-are-the-client"],
  ["HTTP/2 beside HTTP/1.1", "http2-beside-http11"],
  ["第 1 步：握手", "第-1-步握手"],
  ["`node:http2` of your own", "nodehttp2-of-your-own"],
])("the heading %s has the anchor %s, as on the hosts of code", (heading, anchor) => {
  expect(slugOf(heading)).toBe(anchor);
});
