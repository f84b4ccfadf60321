import { readFileSync } from "node:fs";

/** A fenced block of a Markdown file: ```` ```ts path/of/a/file.ts ````. */
export interface CodeBlock {
  readonly language: string;
  /** What stands behind the language: the file that the code is from, or who sends the bytes. */
  readonly info: string;
  readonly code: string;
}

/** A tutorial, in one language. */
export class TutorialDoc {
  readonly text: string;
  readonly blocks: readonly CodeBlock[];

  constructor(file: string) {
    this.text = readFileSync(file, "utf8");
    const fences = this.text.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm);
    this.blocks = Array.from(fences, ([, language = "", info = "", code = ""]) => ({ language, info, code }));
  }

  /** What each client says and its server answers, from blocks marked ```` ```http client ```` and the like, in order. */
  exchanges(language: "http" | "text"): { client: string; server: string }[] {
    const said = this.blocks.filter((block) => block.language === language && /^(?:client|server)$/.test(block.info));
    return Array.from({ length: said.length / 2 }, (_, i) => {
      const [client, server] = said.slice(2 * i, 2 * i + 2);
      if (client?.info !== "client" || server?.info !== "server") throw new Error(`no pair: ${client?.code}`);
      return { client: client.code, server: server.code };
    });
  }

  /** The files, relative to the doc's folder, and headings (`#...`) that it links to. */
  links(): string[] {
    return Array.from(this.text.matchAll(/\]\((?!https?:)([^)]+)\)/g), ([, target = ""]) => target);
  }

  /** The links by which its headings are reached, as GitHub makes them. */
  anchors(): string[] {
    const headings = this.text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
    return Array.from(headings, ([, heading = ""]) => {
      const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "");
      return `#${words.replaceAll(" ", "-")}`;
    });
  }
}

/** An HTTP message as it is on the wire: the lines of its head end in CR LF, the body is as it stands. */
export function httpBytes(code: string): Buffer {
  const [head = "", body = ""] = code.trimEnd().split("\n\n");
  return Buffer.from(`${head.replaceAll("\n", "\r\n")}\r\n\r\n${body === "" ? "" : `${body}\n`}`);
}

/** The bytes of a frame drawn line by line: each begins with pairs of hexadecimal digits, two spaces end them. */
export function frameBytes(code: string): Buffer {
  const pairs = code
    .trimEnd()
    .split("\n")
    .flatMap((line) => line.split("  ", 1)[0]?.split(" ") ?? []);
  if (!pairs.every((pair) => /^[\da-f]{2}$/.test(pair))) throw new Error(`not a frame: ${code}`);
  return Buffer.from(pairs.join(""), "hex");
}
