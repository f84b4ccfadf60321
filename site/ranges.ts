import type { MarkdownRenderer } from "vitepress";

/** Keeps `(1.2 to 3.4)` together: a cell of figures breaks before its range, not within it. */
export function keepRangesTogether(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("ranges", ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === "text")
        token.content = token.content.replace(/\(([\d.,]+) to ([\d.,]+)\)/g, "($1\u00a0to\u00a0$2)");
    }
  });
}
