/* What every page does: counts down to planned starts and keeps 字更大; pages work without it. */

import { ready, t } from "./i18n.js";

const SIZES = ["", "large", "largest"];
const SIZE_KEY = "yishi.size";

function stored() {
  try {
    return SIZES.indexOf(localStorage.getItem(SIZE_KEY) || "");
  } catch {
    return 0;
  }
}

/** The size of 长辈版 that was chosen last: 0, 1 or 2. */
export const sizeNow = () => Math.max(0, stored());

/** Sets the size of 长辈版: 0, 1 or 2. */
export function setSize(step) {
  const root = document.documentElement;
  for (const name of SIZES.slice(1)) root.classList.toggle(name, SIZES[step] === name);
  try {
    localStorage.setItem(SIZE_KEY, SIZES[step]);
  } catch {
    // Private browsing: the size lasts as long as the page.
  }
}

/** One step bigger; after the biggest, back to the first. Returns the step. */
export function nextSize() {
  const at = SIZES.findIndex((name) => name && document.documentElement.classList.contains(name));
  const following = ((at < 0 ? 0 : at) + 1) % SIZES.length;
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

/** Large Chinese headings break between words, where the browser knows them: 世界级 stays whole. */
function keepWords() {
  if (!window.Intl || !Intl.Segmenter) return;
  const words = new Intl.Segmenter("zh", { granularity: "word" });
  for (const clause of document.querySelectorAll("h1 > span")) {
    if (clause.childElementCount || !/[\u4e00-\u9fff]{6}/.test(clause.textContent)) continue;
    const found = [];
    for (const { segment } of words.segment(clause.textContent)) {
      // What hangs on a word before it, as 级 on 世界, or a mark after it, stays with it.
      if (found.length && /^([级化性们者型]|[，、。；：？！”》）])$/.test(segment)) found[found.length - 1] += segment;
      else found.push(segment);
    }
    clause.textContent = "";
    for (const word of found) {
      const span = document.createElement("span");
      span.className = "nowrap";
      span.textContent = word;
      clause.append(span);
    }
  }
}

async function start() {
  keepWords();
  await ready();
  if (document.documentElement.classList.contains("elder")) setSize(sizeNow());
  if (document.querySelector("time[data-until]")) {
    countdowns();
    setInterval(countdowns, 1000);
  }
}

start();
