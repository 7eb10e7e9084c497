import { describe, it } from "node:test";
import { backendCases, describeConformance } from "@cascata/testing";
import { BytesBackend } from "./bytes-backend.ts";

// Under vitest, Bun or any other runner with these two functions as well.
describeConformance(backendCases, { open: () => new BytesBackend() }, { describe, it, title: "BytesBackend" });
