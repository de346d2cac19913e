import { createServer } from "node:http";
import { hub } from "@elpis/core/process";

const { name, index } = hub.location;
const server = createServer((_, response) => response.end(`hello from ${name}.${index}\n`));
server.listen(process.env.PORT ?? 3000);
