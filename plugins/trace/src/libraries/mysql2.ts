import type { InstrumentationConfig } from "@opentelemetry/instrumentation";
import { load } from "../otel.ts";
import { InstrumentationBase, type NodeModule, NodeModuleFile } from "./base.ts";
import { type Call, callingBackInContext } from "./in-context.ts";

type Pool = { readonly prototype: { getConnection: Call } };

/** What of it is used and not public. */
declare class Followed extends InstrumentationBase {
  constructor(config?: InstrumentationConfig);
  protected override init(): NodeModule[];
}

const Official: typeof Followed = load(
  "@opentelemetry/instrumentation-mysql2",
).MySQL2Instrumentation;
const VERSIONS = [">=1.4.2 <4"];
/** Where the class of pools is; in older versions in the second of them. */
const POOLS = ["mysql2/lib/base/pool.js", "mysql2/lib/pool.js"];

/** That of OpenTelemetry, and who waits for a connection of a pool keeps its context: that one asks in the name of who gave it back. */
export class Mysql2Instrumentation extends Official {
  protected override init(): NodeModule[] {
    const [module, ...more] = super.init();
    if (module === undefined) throw new Error("there is no module to be followed");
    // It is called before there is anything of this class.
    const poolIn = (file: string): InstanceType<typeof NodeModuleFile> =>
      new NodeModuleFile(
        file,
        VERSIONS,
        (exported: Pool) => {
          if (hasOwn(exported)) {
            this._wrap(exported.prototype, "getConnection", callingBackInContext);
          }
          return exported;
        },
        (exported?: Pool) => {
          if (exported !== undefined && hasOwn(exported)) {
            this._unwrap(exported.prototype, "getConnection");
          }
        },
      );
    module.files.push(...POOLS.map(poolIn));
    return [module, ...more];
  }
}

function hasOwn({ prototype }: Pool): boolean {
  return Object.hasOwn(prototype, "getConnection");
}
