import { type LoadModule, loaderFor } from "../../packages/config/src/application.ts";

const installed = loaderFor(import.meta.url);

/** Our packages from source, everything else as an application gets it. */
export const load: LoadModule = (specifier) =>
  specifier.startsWith("@cascata/") && !specifier.includes("memry") ? import(specifier) : installed(specifier);
