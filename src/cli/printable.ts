/**
 * What a terminal would act on instead of showing: C0 and C1 controls (ESC and line breaks among them), line and paragraph
 * separators, bidirectional overrides, invisible characters that reorder or hide text, and lone surrogates. The joiners
 * U+200C and U+200D stay: scripts and emoji need them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff\ufff9-\ufffb]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** `text` as one line that a terminal shows and does not obey: `\n`, `\x1b`, `\u202e` stand for what was there. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => SHORT_ESCAPES.get(character) ?? escapeOf(character));
}

/** `value` as one line of JSON in which the same characters are escaped, as JSON allows: parsing it gives them back. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, unicodeEscapeOf);
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscapeOf(character);
}

function unicodeEscapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
