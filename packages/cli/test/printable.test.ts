import { expect, test } from "vitest";
import { printable } from "../src/output/printable.ts";

test("a text of somebody else cannot command the terminal, nor pretend to be another line", () => {
  expect(printable("plain, with ü and 汉字 😀")).toBe("plain, with ü and 汉字 😀");
  expect(printable("a\u001b[2Jb\u0007")).toBe("a\\u001b[2Jb\\u0007");
  expect(printable("one\ntwo\r\n\tthree\u2028four")).toBe("one two   three\\u2028four");
  expect(printable("\u202eabc\u009b31m")).toBe("\\u202eabc\\u009b31m");
});
