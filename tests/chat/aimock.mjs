// Runs aimock, a stand-in for OpenAI and Azure that others wrote, until standard input ends.

import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, auth: { apiKeys: ["key-of-aimock"] } });
mock.onMessage("hello", { content: "Hi there!", reasoning: "let me see" });
mock.onMessage("busy", {
  error: { message: "slow down", type: "rate_limit_error", code: "rate_limit_exceeded" },
  status: 429,
  retryAfter: 7,
});
await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
