/** The colors that lines have in a terminal, as SGR parameters: on and off (ECMA-48 §8.3.117). */
const colors = {
  received: [36, 39],
  note: [2, 22],
  warning: [33, 39],
} as const;

/** Colors a line, or leaves it as it is. */
export type Paint = (color: keyof typeof colors, text: string) => string;

/** Whether to color what goes to `stream`: only on a terminal that can, and not against https://no-color.org. */
export function isColorful(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: refused = "", TERM: terminal } = environment;
  return stream.isTTY === true && refused === "" && terminal !== "dumb";
}

export function paintIn(isInColor: boolean): Paint {
  if (!isInColor) return (_, text) => text;
  return (color, text) => {
    const [on, off] = colors[color];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
