/**
 * Makes the members of a class as WebIDL has them: attributes and methods enumerable, constants on the class and on its prototype, a
 * string tag.
 */
export function defineInterface(
  type: { readonly prototype: object; readonly name: string },
  members: readonly string[],
  constants: Readonly<Record<string, number>> = {},
): void {
  for (const name of members) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name) as PropertyDescriptor;
    Object.defineProperty(type.prototype, name, { ...descriptor, enumerable: true });
  }
  for (const [name, value] of Object.entries(constants)) {
    for (const owner of [type, type.prototype]) Object.defineProperty(owner, name, { value, enumerable: true });
  }
  Object.defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
}
