import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = {
  ...library(["src/index.ts"]),
  // A copy of its own: extensions are registered for a whole copy, and those of an application are its own business.
  noExternal: [/^msgpackr/],
};

export default options;
