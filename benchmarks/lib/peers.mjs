// The peers that can be measured, in the order of the table.
const PEERS = {
  limit: () => import("../peers/limit.mjs"),
  elpis: () => import("../peers/elpis.mjs"),
  "process-send": () => import("../peers/process-send.mjs"),
  "node-ipc": () => import("../peers/node-ipc.mjs"),
};

export const PEER_NAMES = Object.keys(PEERS);

/** @throws where there is no such peer */
export async function loadPeer(name) {
  const load = PEERS[name];
  if (load === undefined) throw new Error(`no peer "${name}": there are ${PEER_NAMES.join(", ")}`);
  return (await load()).default;
}
