/* Times as people write them in the editors, and back; pure. */

const two = (value) => String(value).padStart(2, "0");

/** Seconds as 0:01:02.345. */
export function clock(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000));
  return `${Math.floor(ms / 3600000)}:${two(Math.floor(ms / 60000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** The same, without the hours where there are none: 01:02.345. */
export function short(seconds) {
  const words = clock(seconds);
  return words.startsWith("0:") ? words.slice(2) : words;
}

/** The other way; NaN for what is no time. */
export function seconds(text) {
  const found = /^(?:(\d{1,2}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!found) return NaN;
  return Number(found[1] || 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) + Number((found[4] || "0").padEnd(3, "0")) / 1000;
}
