import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Conditions replace vite's defaults, so the defaults are spelled out after ours: tests run from source, without a build.
const conditions = ["@cascata/source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: false,
    allowOnly: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
