import { httpBackend, reporterContract } from "@elpis/testing";
import { test } from "vitest";
import { __IDENTIFIER__Reporter } from "../src/index.js";

reporterContract(__IDENTIFIER__Reporter, {
  test,
  backend: () => httpBackend({ options: (url) => ({ url, apiKey: "not-to-be-seen" }) }),
});
