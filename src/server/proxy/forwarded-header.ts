import { isOptionalWhitespace, isTokenCharacter } from "../../internal/http-token.js";

/** What one proxy has said of the request that it got. Names of parameters are in lower case. */
export type ForwardedElement = ReadonlyMap<string, string>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/**
 * Reads a Forwarded header (RFC 7239 §4), several lines of it joined by commas. The last element is the nearest proxy's.
 * `undefined` for one that is malformed anywhere: an open quote of the client's may hide what a proxy has added to it.
 * Linear in the length of `field`.
 */
export function readForwarded(field: string): readonly ForwardedElement[] | undefined {
  return new ForwardedScanner(field).elements();
}

class ForwardedScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  elements(): ForwardedElement[] | undefined {
    const elements: ForwardedElement[] = [];
    while (this.#at < this.#text.length) {
      const element = this.#element();
      if (element === undefined) return undefined;
      if (element.size > 0) elements.push(element); // RFC 9110 §5.6.1.2: empty elements of a list are ignored
      this.#at++; // the comma
    }
    return elements;
  }

  /** Up to the next comma or the end. White space around semicolons is not in the grammar, and is common. */
  #element(): ForwardedElement | undefined {
    const element = new Map<string, string>();
    for (;;) {
      this.#skipSpace();
      const code = this.#code();
      if (code === COMMA || this.#at >= this.#text.length) return element;
      if (code === SEMICOLON) this.#at++;
      else if (!this.#pair(element)) return undefined;
    }
  }

  #pair(element: Map<string, string>): boolean {
    const name = this.#token().toLowerCase();
    if (name === "" || this.#code() !== EQUALS) return false;
    this.#at++;
    const value = this.#code() === QUOTE ? this.#quoted() : this.#token();
    // RFC 7239 §4: each parameter MUST NOT occur more than once per field-value element.
    if (value === undefined || value === "" || element.has(name)) return false;
    element.set(name, value);
    this.#skipSpace();
    const code = this.#code();
    return code === SEMICOLON || code === COMMA || this.#at >= this.#text.length;
  }

  #token(): string {
    const start = this.#at;
    while (isTokenCharacter(this.#code())) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** RFC 9110 §5.6.4: a backslash stands before the character that it quotes. */
  #quoted(): string | undefined {
    const pieces: string[] = [];
    this.#at++;
    let start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#code();
      if (code !== QUOTE && code !== BACKSLASH) continue;
      pieces.push(this.#text.slice(start, this.#at));
      if (code === QUOTE) {
        this.#at++;
        return pieces.join("");
      }
      this.#at++;
      start = this.#at;
    }
    return undefined;
  }

  #skipSpace(): void {
    while (isOptionalWhitespace(this.#code())) this.#at++;
  }

  /** NaN at the end. */
  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }
}
