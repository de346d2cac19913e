/** What the jobs of a hub are bounded by. */
export interface JobLimits {
  /** Jobs in the hub, dead letters included. @default 1000000 */
  readonly maxJobs: number;
  /** Their payloads, in bytes. @default 268435456 */
  readonly maxBytes: number;
  /** Topics with jobs or workers. @default 4096 */
  readonly maxTopics: number;
  /** Ids of jobs that were done, remembered for each topic. @default 10000 */
  readonly maxDonePerTopic: number;
  /** As above, for all topics together. @default 200000 */
  readonly maxDone: number;
  /** How long an id is remembered after its job was done, in milliseconds. @default 300000 */
  readonly rememberMs: number;
}

export const DEFAULT_JOB_LIMITS: JobLimits = {
  maxJobs: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
  maxTopics: 4096,
  maxDonePerTopic: 10_000,
  maxDone: 200_000,
  rememberMs: 300_000,
};
