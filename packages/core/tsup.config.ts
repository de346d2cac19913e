import { library } from "../../tsup.base.ts";

export default library(["src/index.ts", "src/process.ts", "src/internal.ts", "src/child.ts"]);
