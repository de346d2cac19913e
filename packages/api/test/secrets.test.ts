import { expect, it } from "vitest";
import { redact } from "../src/secrets.ts";

it("blanks what looks like a secret, wherever it stands", () => {
  expect(
    redact({
      env: { DB_PASSWORD: "hunter2", apiKey: "hunter2", KEYBOARD: "de", author: "ann" },
      args: ["--token", "hunter2", "--verbose", "--api-key=hunter2", "--port", "80"],
      url: "postgres://me:hunter2@db/shop?access_token=hunter2&x=1",
      nested: [{ session: "hunter2" }],
      ports: [80],
    }),
  ).toEqual({
    env: { DB_PASSWORD: "(hidden)", apiKey: "(hidden)", KEYBOARD: "de", author: "ann" },
    args: ["--token", "(hidden)", "--verbose", "--api-key=(hidden)", "--port", "80"],
    url: "postgres://me:(hidden)@db/shop?access_token=(hidden)&x=1",
    nested: [{ session: "(hidden)" }],
    ports: [80],
  });
});
