/* Transcript that follows the picture, and captions over it; only what was signed comes here. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { usePlaying } from "./replay-controls.js";
import { reached } from "./replay-map.js";
import { html, lasting } from "./view.js";

const BACK_AFTER_MS = 8_000;

/** Gives the replay `words`, `captions()` and both places their words. */
export function words(replay, lines, panel, layer) {
  replay.words = lines;
  replay.captions = (on = !replay.caption) => {
    replay.caption = on;
    replay.again();
  };
  render(html`<${Transcript} replay=${replay} panel=${panel} />`, panel);
  const box = layer.appendChild(document.createElement("div"));
  render(html`<${Caption} replay=${replay} />`, box);
}

function Transcript({ replay, panel }) {
  const playing = usePlaying(replay);
  const touched = useRef(0);
  const at = reached(replay.words, playing.time, "start");
  useEffect(() => {
    const touch = () => (touched.current = Date.now());
    for (const name of ["wheel", "touchmove", "keydown"]) panel.addEventListener(name, touch, { passive: true });
  }, []);
  useEffect(() => {
    const row = panel.querySelector("[aria-current]");
    if (row && Date.now() - touched.current > BACK_AFTER_MS) panel.scrollTop = row.offsetTop - panel.clientHeight / 3;
  }, [at, replay.tab]);
  return html`<ol class="spoken">${replay.words.map((line, index) => html`<li key=${index} aria-current=${index === at ? "true" : null}>
    <a href=${`#t=${Math.floor(line.start)}`} data-second=${line.start}><time>${lasting(line.start)}</time>${line.speaker && (!index || replay.words[index - 1].speaker !== line.speaker) && html`<b>${line.speaker}</b>`}<span>${line.text}</span></a>
  </li>`)}</ol>`;
}

function Caption({ replay }) {
  const { time } = usePlaying(replay);
  if (!replay.caption) return null;
  const line = replay.words[reached(replay.words, time, "start")];
  return line && time <= line.end + 0.25 ? html`<p class="caption"><span>${line.text}</span></p>` : null;
}
