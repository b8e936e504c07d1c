/* The calendar's keys, drags and form, on a page that works without them: links turn its leaves, forms move airings. */

import { ready } from "../../broadcast/i18n.js";
import { watchForm } from "./calendar-check.js";
import { Moves, drags, moveByKey } from "./calendar-moves.js";

const board = document.querySelector("[data-calendar]");
const typing = (target) => target.closest && target.closest("input, select, textarea, [contenteditable]");

/** Shows the days as the server has them now; the focus stays on the airing that had it. */
async function refresh(entry) {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-calendar]");
    if (fresh) board.replaceChildren(...fresh.childNodes);
    const link = entry && board.querySelector(`[data-entry="${entry}"]`);
    if (link) link.focus({ preventScroll: true });
  } catch {
    board.querySelectorAll(".moving").forEach((each) => each.classList.remove("moving"));
  }
}

/** The next or previous airing on the page, so that arrows walk through them as they stand. */
function step(by) {
  const links = [...board.querySelectorAll("a.slot[href]")].filter((each) => each.getClientRects().length);
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (next) next.focus();
}

const KEYS = {
  n: () => document.querySelector("[data-key=n]")?.click(),
  ArrowLeft: () => document.querySelector(".tools [rel=prev]").click(),
  ArrowRight: () => document.querySelector(".tools [rel=next]").click(),
  ArrowUp: () => step(-1),
  ArrowDown: () => step(1),
  Escape: () => document.querySelector("[data-close]")?.click(),
};

function keys(moves) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) return;
    const act = event.key === "u" ? () => moves.undo() : KEYS[event.key];
    if (moveByKey(event, moves)) event.preventDefault();
    else if (act && !event.shiftKey) {
      event.preventDefault();
      act();
    }
  });
}

async function start() {
  await ready();
  const moves = new Moves(refresh);
  drags(board, moves);
  keys(moves);
  watchForm();
  const sheet = document.getElementById("sheet");
  const first = document.getElementById("errors") || (sheet && sheet.querySelector("form[data-check] select"));
  if (first) first.focus();
}

start();
