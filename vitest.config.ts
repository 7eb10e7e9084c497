import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Conditions replace vite's defaults, so the defaults are spelled out after ours: tests run from source, without a build.
const conditions = ["@cascata/source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "tests", include: ["test/**/*.test.ts"], exclude: ["test/chaos/**"] } },
      {
        extends: true,
        // They measure real time with several processes of their own: alone, after all others.
        test: {
          name: "chaos",
          include: ["test/chaos/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
