import { applyProxy } from "@cascata/core";
import { describeConformance, proxyCases } from "@cascata/testing";
import { describe, it } from "vitest";
import { made, publishSkips, tenAround } from "./every-proxy.ts";

const small = {
  "map: byReference says whether the stored object itself comes back": "what doesn't shrink passes as it is",
};
const skips: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  compress: small,
  "compress above a size": small,
  "compress, brotli": small,
  publish: {
    "proxy: has each capability that the wrapped backend has, and no other": "it gives a feed and marks to all",
    ...Object.fromEntries(Object.entries(publishSkips).map(([name, why]) => [`authority: ${name}`, why])),
  },
  prefix: {
    "proxy: has each capability that the wrapped backend has, and no other": "no clear: it would clear others' keys",
  },
};

for (const [name, make] of Object.entries(made)) {
  describeConformance(
    proxyCases,
    { wrap: (backend, clock) => applyProxy(make(clock), backend, name) },
    { describe, it, title: name, ...(skips[name] !== undefined && { skip: skips[name] }) },
  );
}

describeConformance(proxyCases, { wrap: tenAround }, { describe, it, title: "ten of them, one around another" });
