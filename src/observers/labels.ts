/**
 * The label of a close code: itself where RFC 6455 or the registry names it, else its range. A peer chooses the code, and may not
 * fill a monitoring system with a thousand series.
 */
export function closeCodeLabel(code: number): string {
  if (code >= 1000 && code <= 1015) return String(code);
  if (code >= 3000 && code <= 3999) return "3xxx";
  if (code >= 4000 && code <= 4999) return "4xxx";
  return "other";
}
