/* What every page does: counts down to planned starts and keeps 字更大; pages work without it. */

import { ready, t } from "./i18n.js";

const SIZES = ["", "large", "largest"];
const YEAR_SECONDS = 365 * 24 * 3600;

/** The size of 长辈版 that the page has: 0, 1 or 2. */
export const sizeNow = () => Math.max(0, SIZES.findIndex((name) => name && document.documentElement.classList.contains(name)));

/** Sets the size of 长辈版: 0, 1 or 2. The server draws the next page in it. */
function setSize(step) {
  const root = document.documentElement;
  for (const name of SIZES.slice(1)) root.classList.toggle(name, SIZES[step] === name);
  document.cookie = `yishi_size=${SIZES[step]}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/** One step bigger; after the biggest, back to the first. Returns the step. */
export function nextSize() {
  const following = (sizeNow() + 1) % SIZES.length;
  setSize(following);
  return following;
}

function countdowns() {
  for (const place of document.querySelectorAll("time[data-until]")) {
    const left = Math.round((Date.parse(place.dataset.until) - Date.now()) / 1000);
    if (left > 0 && left < 86400) {
      const clock = [left / 3600, (left / 60) % 60, left % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
      place.textContent = t("{clock} 后开始", { clock });
    }
  }
}

async function start() {
  await ready();
  if (document.querySelector("time[data-until]")) {
    countdowns();
    setInterval(countdowns, 1000);
  }
}

start();
