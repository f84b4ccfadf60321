const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const ESCAPES = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));

/** What may stand at the place that the scanner has come to. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "comma or end";

/** Where `text` stops being JSON, or `undefined` where all of it is. Linear, and needs no stack however deep it nests. */
export function findSyntaxError(text: string): number | undefined {
  return new Scanner(text).scan();
}

/**
 * Walks a text by the grammar of RFC 8259. `JSON.parse` does so too, but its errors quote the text and do not always say
 * where they are; so this looks again at what has failed there.
 */
class Scanner {
  readonly #text: string;
  /** The closing brackets that are due, the innermost last. */
  readonly #due: number[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): number | undefined {
    let expected: Expected | undefined = "value";
    while (expected !== undefined) {
      this.#skipWhitespace();
      if (expected === "comma or end" && this.#due.length === 0) break;
      expected = this.#step(expected);
    }
    return expected !== undefined && this.#at === this.#text.length ? undefined : this.#at;
  }

  get #next(): number {
    return this.#text.charCodeAt(this.#at);
  }

  /** Takes one token, and says what may follow; `undefined` where the token is wrong. */
  #step(expected: Expected): Expected | undefined {
    switch (expected) {
      case "value or ]":
        return this.#take(CLOSE_BRACKET) ? this.#close() : this.#value();
      case "value":
        return this.#value();
      case "key or }":
        return this.#take(CLOSE_BRACE) ? this.#close() : this.#key();
      case "key":
        return this.#key();
      case "comma or end":
        return this.#separator();
    }
  }

  #value(): Expected | undefined {
    if (this.#take(OPEN_BRACE)) {
      this.#due.push(CLOSE_BRACE);
      return "key or }";
    }
    if (this.#take(OPEN_BRACKET)) {
      this.#due.push(CLOSE_BRACKET);
      return "value or ]";
    }
    return this.#scalar() ? "comma or end" : undefined;
  }

  #scalar(): boolean {
    switch (this.#next) {
      case QUOTE:
        return this.#string();
      case LOWER_T:
        return this.#word("true");
      case LOWER_F:
        return this.#word("false");
      case LOWER_N:
        return this.#word("null");
      default:
        return this.#number();
    }
  }

  #key(): Expected | undefined {
    if (!this.#string()) return undefined;
    this.#skipWhitespace();
    return this.#take(COLON) ? "value" : undefined;
  }

  #separator(): Expected | undefined {
    const due = this.#due.at(-1);
    if (due !== undefined && this.#take(due)) return this.#close();
    if (!this.#take(COMMA)) return undefined;
    return due === CLOSE_BRACE ? "key" : "value";
  }

  #close(): Expected {
    this.#due.pop();
    return "comma or end";
  }

  /** Whether a whole string stands here; if not, stops at the character that is wrong. */
  #string(): boolean {
    if (!this.#take(QUOTE)) return false;
    while (this.#at < this.#text.length) {
      if (this.#take(QUOTE)) return true;
      if (this.#take(BACKSLASH)) {
        if (!this.#escape()) return false;
      } else if (this.#next >= 0x20) {
        this.#at += 1;
      } else return false;
    }
    return false;
  }

  #escape(): boolean {
    if (ESCAPES.has(this.#next)) {
      this.#at += 1;
      return true;
    }
    if (!this.#take(LOWER_U)) return false;
    for (let digits = 0; digits < 4; digits += 1) {
      if (!isHexDigit(this.#next)) return false;
      this.#at += 1;
    }
    return true;
  }

  /** Whether `word` stands here; if not, stops at the character that differs. */
  #word(word: string): boolean {
    for (let i = 0; i < word.length; i += 1) {
      if (this.#next !== word.charCodeAt(i)) return false;
      this.#at += 1;
    }
    return true;
  }

  #number(): boolean {
    this.#take(MINUS);
    if (!this.#take(ZERO) && !this.#digits()) return false;
    if (this.#take(DOT) && !this.#digits()) return false;
    if ((this.#next | 0x20) !== 0x65) return true; // no "e" or "E"
    this.#at += 1;
    if (this.#next === 0x2b || this.#next === MINUS) this.#at += 1;
    return this.#digits();
  }

  #digits(): boolean {
    const start = this.#at;
    while (isDigit(this.#next)) this.#at += 1;
    return this.#at > start;
  }

  #take(code: number): boolean {
    if (this.#next !== code) return false;
    this.#at += 1;
    return true;
  }

  #skipWhitespace(): void {
    while (this.#next === 0x20 || this.#next === 0x09 || this.#next === 0x0a || this.#next === 0x0d) this.#at += 1;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}
