/**
 * One shared object for each name, made when it is first asked for, as long as anybody holds it: dogpile's registry of
 * locks. What nobody holds any more is forgotten, so names may be without number.
 */
export class NameRegistry<T extends object> {
  readonly #make: (name: string) => T;
  readonly #objects = new Map<string, WeakRef<T>>();
  readonly #forgotten: FinalizationRegistry<string>;

  /** @param make makes the object of a name */
  constructor(make: (name: string) => T) {
    this.#make = make;
    this.#forgotten = new FinalizationRegistry((name) => {
      // The name may have a new object by now.
      if (this.#objects.get(name)?.deref() === undefined) this.#objects.delete(name);
    });
  }

  /** How many names have an object, those included whose object has gone and was not cleared away yet. */
  get size(): number {
    return this.#objects.size;
  }

  get(name: string): T {
    const known = this.#objects.get(name)?.deref();
    if (known !== undefined) return known;
    const made = this.#make(name);
    this.#objects.set(name, new WeakRef(made));
    this.#forgotten.register(made, name);
    return made;
  }
}
