/* What the desk shows of a voice that is more than a citizen's: as what it speaks, what it answers, and whether the comment stands first. */

import htm from "htm";
import { h } from "preact";
import { t } from "../../broadcast/i18n.js";

const html = htm.bind(h);

const BADGES = () => ({ member: t("委员"), host: t("主持人"), expert: t("专家"), department: t("部门"), lecturer: t("主讲人"), leader: t("领导") });

/** 以部门名义, 回复了谁, 置顶. */
export function Voice({ desk, item }) {
  const badge = BADGES()[item.speaks_as];
  const answered = item.reply_to && desk.item(`comment:${item.reply_to}`);
  const pinned = desk.lane.object("pinned");
  const first = item.kind === "comment" && pinned && pinned.comment.id === item.id;
  const may = item.kind === "comment" && item.state === "approved" && !item.hidden && (desk.mayAct || desk.page.may.run);
  return html`
    ${badge && html`<p class="xs"><b>${badge}</b> ${item.affiliation}${item.reply_to ? ` ${t("以这个身份答复，公开后有标记")}` : ""}</p>`}
    ${item.reply_to && html`<p class="xs quiet wrap">${answered ? t("回复 {name}：{text}", { name: answered.author, text: answered.text }) : t("回复评论 {id} 号", { id: item.reply_to })}</p>`}
    ${may && html`<p class="row">${first && html`<b class="tag">${t("已置顶")}</b>`}<button type="button" class="plain" onClick=${() => desk.plain({ type: "comment.pin", item: item.id, on: !first }, first ? t("取消置顶") : t("置顶"))}>${first ? t("取消置顶") : t("置顶，排在评论最前面")}</button></p>`}`;
}
