/* Panels whose modules come when they are first opened: the agenda, and the moments of a replay; it knows their places, not their contents. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { ask } from "./lazy.js";
import { html } from "./view.js";

const AGAIN_MS = 2_000;
const LATER = {
  agenda: () => ask("agenda", () => import("./agenda-panel.js")).then((found) => found.Agenda),
  moments: () => ask("moments", () => import("./moments.js")).then((found) => found.Moments),
};
const there = {};

/** Fetches the panel of this tab, if it is one that comes later; resolves also where it does not come. */
export const fetchPanel = (tab) => (LATER[tab] ? LATER[tab]().then((panel) => (there[tab] = panel), () => null) : Promise.resolve());

function later(tab) {
  return function Later({ room }) {
    const [, again] = useState(0);
    useEffect(() => {
      if (there[tab]) return undefined;
      let timer = 0;
      const fetchIt = () => fetchPanel(tab).then(() => (there[tab] ? again(1) : (timer = setTimeout(fetchIt, AGAIN_MS))));
      fetchIt();
      return () => clearTimeout(timer);
    }, []);
    if (there[tab]) return html`<${there[tab]} room=${room} />`;
    return html`<section class="panel" id="panel" tabindex="0"><p class="pad meta" role="status">${t("正在打开…")}</p></section>`;
  };
}

export const Agenda = later("agenda");
export const Moments = later("moments");
