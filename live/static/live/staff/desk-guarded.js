/* Dialogs with consequences for people and the whole show: switches of the room, restricting an author, emergency withdrawal.
   Each says what will happen before it is pressed; the last two need two steps. */

import htm from "htm";
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, tc } from "../../broadcast/i18n.js";
import { clock, lengthWord, reasonWord } from "./words.js";

const html = htm.bind(h);
const LID_MS = 15000;

/** A button under a cover that closes by itself: lift, then press. */
function Covered({ words, lift, disabled, onAct }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open) return undefined;
    const timer = setTimeout(() => setOpen(false), LID_MS);
    return () => clearTimeout(timer);
  }, [open]);
  return html`<div class="covered"><button type="button" aria-expanded=${open ? "true" : "false"} disabled=${disabled} onClick=${() => setOpen(!open)}>${open ? t("合上护盖") : lift || t("揭开护盖")}</button>
    <button type="button" class="danger" disabled=${disabled || !open} onClick=${() => { setOpen(false); onAct(); }}>${words}</button></div>`;
}

const Field = ({ id, label, help, children }) => html`<div class="field"><label for=${id}>${label}</label>${children}${help && html`<p class="help">${help}</p>`}</div>`;

const select = (id, value, change, options, first = false) => html`<select id=${id} data-first=${first ? "" : undefined} onChange=${(event) => change(event.target.value)}>${options.map(([name, words]) => html`<option key=${name} value=${name} selected=${String(name) === String(value)}>${words}</option>`)}</select>`;

const PACES = [0, 10, 30, 60, 120, 300];
const ALARMS = [30, 60, 120, 300];
const choices = (list, now, word) => [...new Set([...list, now])].sort((a, b) => a - b).map((each) => [each, word(each)]);

/** Every switch of the room; each takes effect when it is turned, and says so. */
export function Switches({ desk, frame: Sheet }) {
  const { switches, alarm_seconds: alarm, post_asked_by: asked } = desk.panel;
  const turn = (name, words) => (value) => desk.plain({ type: "room.switch", switch: name, value: Number(value) }, t("{name}：{value}", { name: words[0], value: words[1](Number(value)) }));
  const onOff = (value) => (value ? t("开") : t("关"));
  const pace = (value) => (value ? t("每 {length} 1 条", { length: lengthWord(value) }) : t("不另限"));
  const line = (name, label, help, list, word, first) => html`<${Field} id=${`s-${name}`} label=${label} help=${help}>${select(`s-${name}`, Number(switches[name]), turn(name, [label, word]), list, first)}</${Field}>`;
  const bool = [[1, t("开")], [0, t("关")]];
  return html`<${Sheet} desk=${desk} title=${t("本场开关")}><div class="form">
    <p class="xs quiet">${t("选了立刻生效，观众的页面会说明。每一次都记入审计。")}</p>
    ${line("takes_comments", tc("开关", "评论"), "", bool, onOff, true)}
    ${line("comment_seconds", t("一人两条评论之间"), t("慢速模式。工作人员不受限。"), choices(PACES, switches.comment_seconds, pace), pace)}
    ${line("takes_questions", tc("开关", "提问"), "", bool, onOff)}
    ${line("question_seconds", t("一人两条提问之间"), "", choices(PACES, switches.question_seconds, pace), pace)}
    ${line("verified_only", t("仅限实名"), t("只收验证过手机的人的评论和提问。"), bool, onOff)}
    <${Field} id="s-alarm" label=${t("等多久报警")} help=${t("最久的一条等过这么久，队列变红。")}>${select("s-alarm", alarm, turn("alarm_seconds", [t("等多久报警"), lengthWord]), choices(ALARMS, alarm, lengthWord))}</${Field}>
    <div class="field"><p><b>${t("先发后审")}</b></p>${!desk.page.may_be_post ? html`<p class="help">${t("这个节目是先审后发，开不了。")}</p>` : html`<${Post} desk=${desk} switches=${switches} asked=${asked} turn=${turn("is_post", [t("先发后审"), onOff])} />`}</div>
    ${desk.last && html`<p class="xs" role="status"><b>${desk.last.verb === "plain" ? { sending: t("正在送出…"), recorded: t("服务器 {clock} 已记录", { clock: clock(desk.last.recordedAt) }), refused: t("没有生效") }[desk.last.phase] : ""}</b></p>`}
  </div></${Sheet}>`;
}

function Post({ desk, switches, asked, turn }) {
  if (switches.is_post) return html`<p class="help">${t("现在发了就公开，之后再看。")}</p><button type="button" onClick=${() => turn(0)}>${t("改回先审后发")}</button>`;
  if (!asked) return html`<p class="help">${t("发了就公开，之后再看。要另一个人在 5 分钟内确认。")}</p><${Covered} words=${t("提出先发后审")} onAct=${() => turn(1)} />`;
  if (asked.user === desk.me.id) return html`<p class="help">${t("您提出了，等另一个人确认。")}</p><button type="button" onClick=${() => turn(0)}>${t("不提了")}</button>`;
  return html`<p class="help">${t("{name}提出了，您确认就生效：发了就公开，之后再看。", { name: asked.name })}</p><${Covered} words=${t("确认先发后审")} onAct=${() => turn(1)} />`;
}

const HOURS = [[600, ""], [3600, ""], [86400, ""], [604800, ""], ["", ""]];

/** Mute or ban the author of an item; says whom, how long and what remains allowed before it is done. */
export function Sanction({ desk, frame: Sheet }) {
  const item = desk.item(desk.sheet.key);
  const may = desk.lane.panels.shield?.may || {};
  const [form, setForm] = useState({ measure: may.mute ? "mute" : "ban", scope: "participant", where: "room", seconds: "3600", reason: desk.page.reasons[0]?.code || "other", note: "" });
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const lead = desk.me.lead;
  const measures = [...(may.mute ? [["mute", t("禁言：能看、能支持、能投票，不能说")]] : []), ...(may.ban ? [["ban", t("封禁：只能看")]] : [])];
  const scopes = [["participant", t("这个人")], ["device", t("这台设备")], ...(lead ? [["network", t("这个网段，最长 24 小时")]] : [])];
  const wheres = [["room", t("这一场")], ["programme", t("这个节目")], ...(may.house ? [["house", t("所有节目")]] : [])];
  const lengths = HOURS.filter(([seconds]) => lead || seconds !== "").map(([seconds]) => [seconds, seconds === "" ? t("直到解除") : lengthWord(seconds)]);
  const words = { mute: t("禁言"), ban: t("封禁") }[form.measure];
  const long = form.seconds === "" ? t("直到解除") : lengthWord(Number(form.seconds));
  const send = async () => {
    const { seconds, note, ...rest } = form;
    const command = { type: "sanction.impose", kind: item.kind, item: item.id, ...rest, ...(seconds === "" ? {} : { seconds: Number(seconds) }), ...(note.trim() ? { note: note.trim() } : {}) };
    if (!(await desk.plain(command, t("{measure}{name} {long}", { measure: words, name: item.author, long })))) return;
    desk.sheet = null;
    desk.render();
  };
  return html`<${Sheet} desk=${desk} title=${t("限制{name}发言", { name: item.author })}><div class="form">
    <${Field} id="f-measure" label=${t("做什么")}>${select("f-measure", form.measure, set("measure"), measures, true)}</${Field}>
    <div class="grid3"><${Field} id="f-scope" label=${t("对谁")}>${select("f-scope", form.scope, set("scope"), scopes)}</${Field}>
      <${Field} id="f-where" label=${t("在哪里")}>${select("f-where", form.where, set("where"), wheres)}</${Field}>
      <${Field} id="f-seconds" label=${t("多久")}>${select("f-seconds", form.seconds, set("seconds"), lengths)}</${Field}></div>
    <${Field} id="f-reason" label=${t("原因，本人会看到")}>${select("f-reason", form.reason, set("reason"), desk.page.reasons.map((reason) => [reason.code, reason.name]))}</${Field}>
    <${Field} id="f-note" label=${t("内部备注，本人看不到")}><input id="f-note" maxlength="200" autocomplete="off" value=${form.note} onInput=${(event) => set("note")(event.target.value)} /></${Field}>
    <p class="note xs">${t("本人会看到：被{measure}，原因“{reason}”，{long}。到时自己解除，也可以提前解除。", { measure: words, reason: reasonWord(desk.page, form.reason), long })}</p>
    <${Covered} words=${t("{measure} {long}", { measure: words, long })} onAct=${send} />
  </div></${Sheet}>`;
}

/** Hide everything of one author or of the public at once; and bring it back. */
export function Emergency({ desk, frame: Sheet }) {
  const { withdrawals = [], may = {} } = desk.lane.panels.shield || {};
  const item = desk.current;
  const [scope, setScope] = useState(may.withdraw_author && item ? "author" : "everything");
  const [where, setWhere] = useState("room");
  const [reason, setReason] = useState(desk.page.reasons[0]?.code || "other");
  const [note, setNote] = useState("");
  const scopes = [...(may.withdraw_author && item ? [["author", t("{name}的全部内容", { name: item.author })]] : []), ...(may.withdraw_everything ? [["everything", t("公众的全部评论和提问")]] : [])];
  const what = scopes.find(([name]) => name === scope)?.[1];
  const send = () => desk.plain({ type: "withdrawal.make", scope, where, reason, ...(scope === "author" ? { kind: item.kind, item: item.id } : {}), ...(note.trim() ? { note: note.trim() } : {}) }, t("撤下{what}", { what }));
  const back = (each) => () => desk.plain({ type: "withdrawal.restore", withdrawal: each.id }, t("恢复{what}", { what: nameOf(each) }));
  return html`<${Sheet} desk=${desk} title=${t("紧急撤下")}><div class="form">
    ${withdrawals.map((each) => html`<div key=${each.id} class="note bad spread"><p><b>${t("正在撤下：{what}", { what: nameOf(each) })}</b><br /><span class="xs">${t("{clock} {who}，原因：{reason}", { clock: clock(each.at), who: each.by, reason: each.reason_name || reasonWord(desk.page, each.reason) })}</span></p>${each.may_restore && html`<${Covered} words=${t("恢复")} onAct=${back(each)} />`}</div>`)}
    ${scopes.length ? html`
      <${Field} id="e-scope" label=${t("撤下什么")}>${select("e-scope", scope, setScope, scopes, true)}</${Field}>
      ${may.house && html`<${Field} id="e-where" label=${t("在哪里")}>${select("e-where", where, setWhere, [["room", t("这一场")], ["house", t("所有节目")]])}</${Field}>`}
      <${Field} id="e-reason" label=${t("原因")}>${select("e-reason", reason, setReason, desk.page.reasons.map((each) => [each.code, each.name]))}</${Field}>
      <${Field} id="e-note" label=${t("内部备注")}><input id="e-note" maxlength="200" autocomplete="off" value=${note} onInput=${(event) => setNote(event.target.value)} /></${Field}>
      <p class="note xs">${t("2 秒内从页面、弹幕、大屏、回看和搜索里消失；各条的状态不变，可以整个恢复。")}</p>
      <${Covered} words=${t("撤下{what}", { what })} onAct=${send} />` : html`<p class="quiet">${t("全场撤下要值班长或导播。要撤一位作者，先选中其中一条。")}</p>`}
    ${desk.last?.verb === "plain" && html`<p class="xs" role="status">${desk.last.words}${t("。")}<b>${{ sending: t("正在送出…"), recorded: t("服务器 {clock} 已记录", { clock: clock(desk.last.recordedAt) }), refused: t("没有生效") }[desk.last.phase]}</b></p>`}
  </div></${Sheet}>`;
}

const nameOf = (each) => (each.scope === "everything" ? t("公众的全部评论和提问") : t("{name}的全部内容", { name: each.author }));
