import { badScale } from "../errors.ts";

const MOST = 1024;

/**
 * How many instances `wanted` means, when there are `present`: a number, or a change such as `"+2"` or `"-1"`.
 *
 * @throws ELPIS_PROCESS_SCALE
 */
export function targetScale(process: string, wanted: number | string, present: number): number {
  const text = String(wanted);
  const [, sign = "", digits = ""] = /^([+-]?)(\d{1,4})$/.exec(text) ?? [];
  if (digits === "") throw badScale(process, wanted, 'expected a whole number, "+2" or "-1"');
  const isChange = typeof wanted === "string" && sign !== "";
  const number = Number(digits) * (sign === "-" ? -1 : 1);
  const target = isChange ? present + number : number;
  if (target < 0) throw badScale(process, wanted, `that would be ${target}; there are ${present}`);
  if (target > MOST) throw badScale(process, wanted, `${MOST} is the most`);
  return target;
}
