import type { Reporters } from "@elpis/api";

/** For processes that do not merge: there is nothing to report. */
export const NO_REPORTERS: Reporters = {
  add: () => async () => {},
  take: () => {},
  status: () => [],
  test: async (name) => {
    throw new Error(`no reporter runs in this process, and none is called ${name}`);
  },
  onWanted: () => () => {},
};
