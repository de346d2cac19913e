// Elpis, through the same module that any other harness with this contract may load.
import adapter from "../ipc-adapter.mjs";

export default { ...adapter, name: "elpis" };
