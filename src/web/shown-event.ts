import { inspect, type InspectOptions } from "node:util";

/** Has `console.log` show these `fields` of the events of a class; Node shows only what all events have. */
export function showFields(prototype: Event, name: string, fields: readonly string[]): void {
  const show = function (this: Readonly<Record<string, unknown>>, depth: number, options: InspectOptions): string {
    if (depth < 0) return `[${name}]`;
    return `${name} ${inspect(Object.fromEntries(fields.map((field) => [field, this[field]])), options)}`;
  };
  Object.defineProperty(prototype, inspect.custom, { value: show, configurable: true });
}
