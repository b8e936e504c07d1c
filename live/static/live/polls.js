/* The place of polls in the hall: the panel itself is fetched when it is opened, and drawn here. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { ask } from "./lazy.js";
import { place } from "./poll-place.js";
import { html } from "./view.js";

const AGAIN_MS = 2_000;

export { left } from "./poll-place.js";

/** Fetch the panel; resolves to whether it is there. */
export const fetchPanel = () => ask("poll-panel", () => import("./poll-panel.js")).then(() => true, () => false);

/** The panel of polls, once it is there; without it the way to the same page drawn by the server. */
export function Votes({ room }) {
  const [there, settle] = useState(place.panel ? true : null);
  useEffect(() => {
    let timer = 0;
    let away = false;
    const fetchIt = () =>
      fetchPanel().then((found) => {
        if (away) return;
        settle(found);
        if (!found) timer = setTimeout(fetchIt, AGAIN_MS);
      });
    if (!there) fetchIt();
    return () => {
      away = true;
      clearTimeout(timer);
    };
  }, []);
  if (place.panel) return html`<${place.panel} room=${room} />`;
  return html`<section class="panel pad" id="panel" aria-label=${t("投票")} tabindex="0"><p class="meta" role="status">${there === false ? html`${t("投票没有打开。")}<a class="link" href="?tab=vote">${t("再试一次")}</a>` : t("正在打开…")}</p></section>`;
}
