import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The example, where a reader finds it. */
export const PEER_DIR: string = fileURLToPath(
  new URL("../../examples/python-peer", import.meta.url),
);

/** No folders of compiled Python beside the sources. */
export const PYTHON_ENV = { PYTHONDONTWRITEBYTECODE: "1" } as const;

/** A Python that has msgpack: that of the system has it from its package, whichever one comes first on the path. */
export const python: string | undefined = ["python3", "/usr/bin/python3"].find(
  (path) => spawnSync(path, ["-c", "import msgpack"]).status === 0,
);

if (python === undefined) {
  const reason = "there is no python3 with msgpack (Debian: apt-get install python3-msgpack)";
  if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
  console.log(`python peer: skipped, ${reason}`);
}
