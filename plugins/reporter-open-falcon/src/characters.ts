/**
 * Characters below U+10000 that came after Unicode 9. Servers were built with a Go that knows none of them, and takes what it does
 * not know for not printable.
 */
const YOUNG = `
  0560 0588 05EF 061D 07FD-07FF 0860-089F 08B5 08BE-08D3 09FC-09FE 0A76 0AFA-0AFF 0B55 0C04 0C3C 0C5C-0C5D 0C77 0C84 0CDC-0CDD
  0CF3-0D00 0D04 0D3B-0D3C 0D81 0E86 0E89 0E8C 0E8E-0E93 0E98 0EA0 0EA8-0EA9 0EAC 0EBA 0ECE 170D 1715-171F 180F 1878 1ABF-1AEB
  1B4C-1B4F 1B7D-1B7F 1C89-1CBF 1CF7 1CFA 1DF6-1DFA 20BF-20C1 23FF 2427-2429 2B96-2B97 2BBA-2BBC 2BC9 2BD2-2BEB 2BF0-2BFF 2C2F
  2C5F 2E45-2E5D 2FFC-2FFF 312E-312F 31BB-31BF 31E4-31EF 32FF 4DB6-4DBF 9FD6-9FFF A7AF A7B8-A7F6 A82C A8FE-A8FF AB66-AB6B
  FBC2-FBD2 FD40-FD4F FD90-FD91 FDC8-FDCF FDFE-FDFF`;

const young = YOUNG.trim()
  .replaceAll(/\s+/g, "")
  .replaceAll(/[0-9A-F]{4}/g, "\\u$&");

/**
 * What the storage drops without a word: quotes, `>`, and whatever Go does not call printable. Spaces are among them, since those in
 * tags are removed on the way; so are halves of pairs and what is above U+FFFF, which the index has no place for.
 */
export const UNPRINTABLE: RegExp = new RegExp(
  `[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]|[\\u{10000}-\\u{10FFFF}'">${young}]`,
  "gu",
);
