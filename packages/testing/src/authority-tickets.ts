import type { Clock, LeaseAnswer, LeaseRequest, Order } from "@cascata/core";

interface Lease {
  readonly token: string;
  readonly expiresAt: number;
}

/** What a conditional write can carry: leases, held by one token at a time, and guards, which anybody may have. */
export class AuthorityTickets {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();
  /** By key: the count at its last store or delete, which is all that a guard's ticket is compared with. */
  readonly #changedAt = new Map<string, number>();
  #allChangedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Leases the key to the token if nobody else holds it; taking it again prolongs it. */
  lease(key: string, { token, ms }: LeaseRequest, order: Order): LeaseAnswer {
    const now = this.#clock.now();
    const holder = this.#holder(key);
    if (holder !== undefined && holder.token !== token) {
      return { granted: false, order, holderMs: holder.expiresAt - now, holder: holder.token };
    }
    this.#leases.set(key, { token, expiresAt: now + ms });
    return { granted: true, order };
  }

  holds(key: string, token: string): boolean {
    return this.#holder(key)?.token === token;
  }

  renew(key: string, token: string, ms: number): boolean {
    if (!this.holds(key, token)) return false;
    this.#leases.set(key, { token, expiresAt: this.#clock.now() + ms });
    return true;
  }

  release(key: string, token: string): boolean {
    return this.holds(key, token) && this.#leases.delete(key);
  }

  /** A ticket that stands until its key is stored or deleted by anybody. */
  guard({ epoch, seq }: Order): string {
    return `guard ${epoch} ${seq}`;
  }

  /** Whether a write of the key that carries `ticket` may go on. */
  stands(key: string, ticket: string, epoch: string): boolean {
    if (this.holds(key, ticket)) return true;
    const guard = /^guard (\S+) (\d+)$/.exec(ticket);
    const changedAt = Math.max(this.#changedAt.get(key) ?? 0, this.#allChangedAt);
    return guard !== null && guard[1] === epoch && changedAt <= Number(guard[2]);
  }

  /** The key was stored or deleted: its lease and its guards' tickets are broken. */
  break(key: string, seq: number): void {
    this.#leases.delete(key);
    this.#changedAt.set(key, seq);
  }

  /** Every key was. */
  breakAll(seq: number): void {
    this.#leases.clear();
    this.#changedAt.clear();
    this.#allChangedAt = seq;
  }

  #holder(key: string): Lease | undefined {
    const lease = this.#leases.get(key);
    return lease !== undefined && lease.expiresAt > this.#clock.now() ? lease : undefined;
  }
}
