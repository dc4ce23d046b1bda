import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["tests/js/**/*.test.ts"],
    globalSetup: ["tests/js/graph/real/setup.ts"],
    // Some tests do seconds of work; on a busy machine that must not fail them.
    testTimeout: 60_000,
  },
});
