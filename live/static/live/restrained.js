/* Why one may not speak here now: said in place of the field, with until when and what can be done; never silently. */

import { useEffect } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { clock, day, html, useSecond } from "./view.js";

/** The mutes and bans that stand at this moment. */
export const standing = (state, now) => (state.mine.sanctions || []).filter((each) => !each.until || Date.parse(each.until) > now);

/** In place of the composer. */
export function Restrained({ room }) {
  const now = useSecond(room.store);
  const [first] = standing(room.store.state, now);
  // Its time is over: the field comes back by itself.
  useEffect(() => {
    if (!first) room.store.set({ mine: { ...room.store.state.mine, sanctions: [] } });
  }, [first]);
  if (!first) return null;
  return html`<div class="composer restrained" role="status">
    <p><b>${first.measure === "ban" ? t("您现在不能参与互动。") : t("您现在不能发言。")}</b>${first.until && html`<span>${t("到 {time} 为止。", { time: `${day(first.until)} ${clock(first.until)}` })}</span>`}</p>
    <p class="note">${first.words}</p>
  </div>`;
}
