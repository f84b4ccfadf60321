/** The Markdown files at the repository's root that are pages of the site. Those of docs and site are without exception. */
const AT_THE_ROOT = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

/** Where on the site a file of the repository is a page, as in `client.md`; `undefined` if it is none. */
export function addressOf(file: string): string | undefined {
  if (AT_THE_ROOT.includes(file)) return file.toLowerCase();
  return /^(?:docs|site)\/(.*\.md)$/.exec(file)?.[1];
}

/** The anchor of a heading, as code hosts make it, so that a link to a heading works there and on the site. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}
