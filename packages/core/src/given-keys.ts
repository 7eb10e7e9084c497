const most = 10_000;

/** The callers' keys of the keys that a mangler made of them lately. Bounded: the oldest are forgotten first. */
export class GivenKeys {
  readonly #given = new Map<string, string>();

  note(mangled: string, given: string): void {
    this.#given.delete(mangled);
    this.#given.set(mangled, given);
    if (this.#given.size <= most) return;
    const [oldest] = this.#given.keys();
    if (oldest !== undefined) this.#given.delete(oldest);
  }

  of(mangled: string): string | undefined {
    return this.#given.get(mangled);
  }
}
