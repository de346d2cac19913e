import { library } from "../../tsup.base.ts";

export default library(["src/index.ts", "src/files.ts", "src/logger.ts", "src/keeper.ts"]);
