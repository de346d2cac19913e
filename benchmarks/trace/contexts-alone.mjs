// What Node itself takes for keeping contexts apart, and nothing else: each request has one of its own. To be given to Node with --import.
import { AsyncLocalStorage } from "node:async_hooks";
import http from "node:http";

const storage = new AsyncLocalStorage();
// From here on: an agent has no servers.
storage.enterWith({});
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (...args) {
  return args[0] === "request"
    ? storage.run({}, () => emit.apply(this, args))
    : emit.apply(this, args);
};
