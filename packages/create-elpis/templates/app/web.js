import { createServer } from "node:http";
import { hub } from "@elpis/core/process";

const { name, index } = hub.location;
const server = createServer((_, response) => response.end(`hello from ${name}.${index}\n`));
// Reached from this machine only, unless somebody says otherwise.
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1");
