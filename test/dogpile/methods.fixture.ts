import type { cached as Cached, Region } from "@cascata/core";

// Compiled by the test: the runner's own transform does not know the language's decorators yet.
export function makeClasses(region: Region, cached: typeof Cached) {
  class Users {
    readonly tenant: string;
    readonly calls: string[] = [];

    constructor(tenant: string) {
      this.tenant = tenant;
    }

    @region.cached({ ttl: "1m", namespace: "users" })
    async find(id: number): Promise<string> {
      this.calls.push(`find ${id}`);
      return `${this.tenant}:${id}`;
    }

    @cached({ region, tags: (_value: string, id: number) => [`id:${id}`] })
    async tagged(id: number): Promise<string> {
      this.calls.push(`tagged ${id}`);
      return `${this.tenant}/${id}`;
    }

    @region.cached({
      key(this: Users, id: number) {
        return [this.tenant, id];
      },
    })
    async own(id: number): Promise<string> {
      return `${this.tenant}=${id}`;
    }

    @region.cachedMulti()
    async many(ids: readonly number[]): Promise<string[]> {
      this.calls.push(`many ${ids.join()}`);
      return ids.map((id) => `${this.tenant}#${id}`);
    }

    @region.cacheOnArguments({ expirationTime: 100 })
    static async count(of: string): Promise<number> {
      return of.length;
    }
  }
  return { Users };
}
