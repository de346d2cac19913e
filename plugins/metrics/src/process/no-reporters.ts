import { ElpisError, type Reporters } from "@elpis/api";

/** For processes that do not merge: there is nothing to report. */
export const NO_REPORTERS: Reporters = {
  add: () => async () => {},
  take: () => {},
  status: () => [],
  test: async (name) => {
    throw new ElpisError(
      "ELPIS_REPORTER_UNKNOWN",
      `No reporter runs in this process, so none is called "${name}". They run in the one that merges.`,
      { details: { name } },
    );
  },
  onWanted: () => () => {},
};
