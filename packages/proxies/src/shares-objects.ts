import { type CacheBackend, ProxyBackend } from "@cascata/core";

/** Whether `backend` may hand out an object that it goes on holding. */
export function sharesObjects(backend: CacheBackend): boolean {
  for (let at = backend; ; at = at.proxied) {
    if (at.byReference || "near" in at) return true;
    if (!(at instanceof ProxyBackend)) return false;
  }
}
