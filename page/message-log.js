// @ts-check

/** Lines kept: the oldest go first, so that a page left open for a week does not grow for ever. */
const MAX_ENTRIES = 500;

/** How near to the end, in pixels, still counts as reading along. */
const FOLLOW_DISTANCE = 48;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The list of what happened. Everything enters as text, never as HTML. */
export class MessageLog {
  #element;

  /** Whether the newest line is kept in view: until someone scrolls up to read, and again once they come back. */
  #isFollowing = true;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      this.#isFollowing = scrollHeight - scrollTop - clientHeight <= FOLLOW_DISTANCE;
    });
    new ResizeObserver(() => this.#follow()).observe(element);
  }

  /**
   * @param {"Status" | "You" | "Server"} from
   * @param {string} text
   * @param {string} [note] - Set apart at the end of the line, as the round-trip time is.
   */
  add(from, text, note = "") {
    this.#element.append(createEntry(from, text, note));
    while (this.#element.childElementCount > MAX_ENTRIES) this.#element.firstElementChild?.remove();
    this.#follow();
  }

  #follow() {
    if (this.#isFollowing) this.#element.scrollTop = this.#element.scrollHeight;
  }
}

/**
 * @param {string} from
 * @param {string} text
 * @param {string} note
 */
function createEntry(from, text, note) {
  const entry = createElement("div", "entry");
  entry.dataset["from"] = from.toLowerCase();

  const time = createElement("time", "time");
  const now = new Date();
  time.dateTime = now.toISOString();
  time.textContent = clock.format(now);

  // "Server: hello" is one run of text for whoever selects, copies or searches it. `bdi` keeps the direction of what a
  // peer sent inside it.
  const line = createElement("p", "said");
  line.append(createElement("b", "from", `${from}:`), " ", createElement("bdi", "body", text));

  entry.append(line, createElement("span", "note", note), time);
  return entry;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Name]}
 */
function createElement(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
