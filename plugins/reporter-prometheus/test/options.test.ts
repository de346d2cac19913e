import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { pushgatewaySchema, remoteWriteSchema } from "../src/options.ts";

const url = "http://127.0.0.1:9090";

describe("labels for all series", () => {
  it.each(["process", "app", "index", "job", "instance", "le", "__name__", "a b", ""])(
    "do not take the name %j",
    async (name) => {
      for (const [schema, option] of [
        [remoteWriteSchema, "labels"],
        [pushgatewaySchema, "grouping"],
      ] as const) {
        const options = { url, [option]: { [name]: "a secret" } };
        const { issues } = await schema["~standard"].validate(options);
        expect(issues).toMatchObject([{ path: [option] }]);
        expect(inspect(issues, { depth: 9 })).not.toContain("a secret");
      }
    },
  );

  it("may have any other", async () => {
    const labels = { cluster: "a", processes: "b" };
    expect(await remoteWriteSchema["~standard"].validate({ url, labels })).not.toHaveProperty(
      "issues",
    );
    const options = { url, grouping: labels };
    expect(await pushgatewaySchema["~standard"].validate(options)).not.toHaveProperty("issues");
  });
});
