/* Transcript that follows the picture and is searched in the page, and captions over it; only what was signed comes here. */

import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { keep, kept } from "./over.js";
import { usePlaying } from "./replay-controls.js";
import { found, reached } from "./replay-map.js";
import { html, lasting } from "./view.js";

const BACK_AFTER_MS = 8_000;

/** Gives the replay `words`, `captions()`, `captionSize()` and both places their words; called again with corrected `lines`. */
export function words(replay, lines, panel, layer) {
  replay.words = lines.length ? lines : null;
  if (!replay.captions) {
    replay.caption = Boolean(kept().replayCaption);
    replay.size = Number(kept().captionSize) || 0;
    replay.captions = (on = !replay.caption) => {
      replay.caption = on;
      keep({ replayCaption: on });
      replay.again();
    };
    replay.captionSize = (size) => {
      replay.size = size;
      keep({ captionSize: size });
      replay.again();
    };
    replay.captionPlace = layer.appendChild(document.createElement("div"));
  }
  render(html`<${Transcript} replay=${replay} panel=${panel} lines=${lines} />`, panel);
  render(html`<${Caption} replay=${replay} lines=${lines} />`, replay.captionPlace);
}

function Transcript({ replay, panel, lines }) {
  const playing = usePlaying(replay);
  const [query, ask] = useState("");
  const touched = useRef(0);
  const at = reached(lines, playing.time, "start");
  useEffect(() => {
    const touch = () => (touched.current = Date.now());
    for (const name of ["wheel", "touchmove", "keydown"]) panel.addEventListener(name, touch, { passive: true });
  }, []);
  useEffect(() => {
    const row = panel.querySelector("[aria-current]");
    if (row && !query && Date.now() - touched.current > BACK_AFTER_MS) panel.scrollTop = row.offsetTop - panel.clientHeight / 3;
  }, [at, replay.tab, query]);
  const sought = query.trim();
  const hits = useMemo(() => lines.map((line, index) => ({ line, index, parts: found(line.text, sought) })).filter((each) => !sought || each.parts.length > 1), [lines, sought]);
  // The list is long: it is drawn anew when another line begins, not with each moment of the picture.
  const list = useMemo(() => html`<ol class="spoken">${hits.map(({ line, index, parts }) => html`<li key=${index} aria-current=${index === at ? "true" : null}>
    <a href=${`#t=${Math.floor(line.start)}`} data-second=${line.start}><time>${lasting(line.start)}</time>${line.speaker && (sought || !index || lines[index - 1].speaker !== line.speaker) && html`<b>${line.speaker}</b>`}<span>${parts.map((part, odd) => (odd % 2 ? html`<mark>${part}</mark>` : part))}</span></a>
  </li>`)}</ol>`, [hits, at]);
  return html`<form class="wordsearch" role="search" onSubmit=${(event) => { event.preventDefault(); if (sought && hits.length) replay.go(hits[0].line.start); }}>
      <input type="search" value=${query} aria-label=${t("在文字稿里找")} placeholder=${t("在文字稿里找")} onInput=${(event) => ask(event.target.value)} />
      <span class="note" role="status">${sought && (hits.length ? t("{n} 处", { n: hits.length }) : t("没有找到"))}</span>
    </form>
    ${list}`;
}

function Caption({ replay, lines }) {
  const { time } = usePlaying(replay);
  if (!replay.caption) return null;
  const line = lines[reached(lines, time, "start")];
  return line && time <= line.end + 0.25 ? html`<p class=${`caption size-${replay.size}`}><span>${line.text}</span></p>` : null;
}
