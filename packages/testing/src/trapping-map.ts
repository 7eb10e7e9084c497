/**
 * A map that throws when anybody tries to change it: proves that a mapping which was lent is only read.
 * Its keys and values are those that it was made with.
 */
export class TrappingMap<K, V> extends Map<K, V> {
  readonly #sealed: boolean;

  constructor(entries: Iterable<readonly [K, V]>) {
    super(entries);
    this.#sealed = true;
  }

  /** @throws TypeError always, once the map is made */
  override set(key: K, value: V): this {
    // `Map`'s constructor calls `set` before this class's fields exist.
    if (#sealed in this && this.#sealed) throw new TypeError("a mapping that was lent was changed: set");
    return super.set(key, value);
  }

  /** @throws TypeError always */
  override delete(_key: K): boolean {
    throw new TypeError("a mapping that was lent was changed: delete");
  }

  /** @throws TypeError always */
  override clear(): void {
    throw new TypeError("a mapping that was lent was changed: clear");
  }
}
