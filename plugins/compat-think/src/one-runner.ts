import { type Client, hasCode, type Selector } from "@elpis/api";
import { Claims } from "./claims.ts";

const CLAIM_TOPIC = "elpis.think.claim";
/** How long a process has to answer before the next one is asked, in milliseconds. */
const CLAIM_TIMEOUT_MS = 5000;
/** What says of a process that it cannot keep count, and the next one should. */
const PASSED_OVER = ["ELPIS_HUB_PEER_LOST", "ELPIS_HUB_NO_RESPONDER", "ELPIS_HUB_DEADLINE"];

/** Agrees with the other processes of a name on who runs a task that all of them were asked to run. */
export class OneRunner {
  readonly #hub: Client;
  readonly #family: Selector;
  readonly #claims = new Claims();

  constructor(hub: Client, family: Selector) {
    this.#hub = hub;
    this.#family = family;
    hub.handle(CLAIM_TOPIC, (key: string, { from }) => this.#decide(key, from.id));
  }

  /** Whether this process is the one to run it. The one that joined first decides: a new one never takes its place. */
  async isMine(key: string): Promise<boolean> {
    const own = this.#hub.location.id;
    for (const keeper of await this.#inOrder()) {
      if (keeper === own) return this.#decide(key, own);
      try {
        return await this.#ask(keeper, key);
      } catch (error) {
        if (!PASSED_OVER.some((code) => hasCode(error, code))) throw error;
      }
    }
    return this.#decide(key, own);
  }

  async #ask(keeper: number, key: string): Promise<boolean> {
    const answer: unknown = await this.#hub.request(CLAIM_TOPIC, key, {
      to: { id: keeper },
      timeoutMs: CLAIM_TIMEOUT_MS,
      absent: "wait",
    });
    return answer === true;
  }

  async #decide(key: string, caller: number): Promise<boolean> {
    const alive = new Set(await this.#inOrder());
    return this.#claims.take(key, caller, alive, performance.now());
  }

  /** As they joined. Their numbers say in which order they were started, and who starts first may join last. */
  async #inOrder(): Promise<number[]> {
    const peers = await this.#hub.peers(this.#family);
    return peers.map(({ id }) => id);
  }
}
