/* Dialogs of the desk that stop everything: map of keys, choosing what to mask, merging questions; and the frame all dialogs share. */

import htm from "htm";
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { digits } from "./desk-foot.js";
import { masked, points, proposedMask, tidy } from "./desk-queues.js";
import { Emergency, Sanction, Switches } from "./desk-guarded.js";
import { count } from "./words.js";

const html = htm.bind(h);
const FOCUSABLE = "button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, a[href]";

/** A dialog: it has the focus, keeps it, and gives it back; Esc says no. */
export function Sheet({ desk, title, children, wide = false }) {
  const place = useRef(null);
  const enter = () => (place.current.querySelector("[data-first]") || place.current.querySelector(FOCUSABLE))?.focus();
  useEffect(() => {
    const from = desk.sheet?.from;
    enter();
    return () => {
      if (from && from.isConnected) from.focus();
      else desk.reveal = true; // then the row under the cursor takes it
    };
  }, []);
  // What had the focus may be gone, such as a button that did its work.
  useEffect(() => {
    if (!place.current.contains(document.activeElement)) enter();
  });
  const keys = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      desk.cancel();
    }
    if (event.key !== "Tab") return;
    const stops = [...place.current.querySelectorAll(FOCUSABLE)];
    const at = stops.indexOf(document.activeElement);
    const next = event.shiftKey ? at - 1 : at + 1;
    if (next >= 0 && next < stops.length) return;
    stops[event.shiftKey ? stops.length - 1 : 0].focus();
    event.preventDefault();
  };
  return html`<div class="sheet" ref=${place} onKeyDown=${keys}><div class=${wide ? "card wide" : "card"} role="dialog" aria-modal="true" aria-labelledby="sheet-title">
    <div class="spread"><h2 id="sheet-title">${title}</h2><button type="button" class="shut" onClick=${() => desk.cancel()}>${t("关上")} <kbd>Esc</kbd></button></div>
    ${children}
    ${desk.notice && html`<p class="note warn" role="alert">${desk.notice.words}</p>`}
  </div></div>`;
}

function Help({ desk }) {
  const parts = [
    [t("走"), [
      ["j ↓", t("下一条；j 跳过别人正在处理的")], ["k ↑", t("上一条")], ["Home End", t("列表的头和尾")], ["[ ]", t("前一个、后一个队列")],
      ["/", t("搜索")], ["Esc", t("取消；离开搜索框")], ["?", t("打开这张表")],
    ]],
    [t("处理"), [
      ["a", t("批准；被举报的保留公开；申诉成立")], ["m", t("按规则标出的字蒙字后批准")], ["M", t("自己选要蒙的字")], [`r ${digits(desk.page)}`, t("退回，数字是原因；已公开的是撤下")],
      [`w ${digits(desk.page)}`, t("撤下已公开的，数字是原因")], ["h", t("暂扣")], ["e", t("上报给值班长")], ["o", t("放回待审；拆开合并的提问")],
      ["Enter", t("认领，再按放回")], ["f", t("这条规则是误报")], ["n", t("写内部备注")], ["u", t("撤销我上一次的处理，整批一起")],
    ]],
    [t("成批"), [
      ["x", t("选中或取消选中")], ["X", t("全选列表里的")], ["s", t("选中这一条和相似的")], ["b", t("选中命中同一条规则的")],
      ["", t("选中以后，a r h e w 处理选中的全部")],
    ]],
  ];
  return html`<${Sheet} desk=${desk} title=${t("全部按键")} wide><div class="maps">${parts.map(([name, rows]) => html`<section key=${name}><h3>${name}</h3>
    <table><tbody>${rows.map(([keys, words]) => html`<tr key=${words}><td class="nowrap">${keys.split(" ").filter(Boolean).map((each) => html`<kbd key=${each}>${each}</kbd> `)}</td><td>${words}</td></tr>`)}</tbody></table></section>`)}</div>
    <p class="xs quiet">${t("紧急撤下、限制发言和本场开关没有按键，要用按钮。")}</p></${Sheet}>`;
}

/** Choose by selecting in the text what the public shall not see; the words themselves stay as they are. */
function Mask({ desk }) {
  const item = desk.item(desk.sheet.key);
  const [spans, setSpans] = useState(() => proposedMask(item));
  const [empty, setEmpty] = useState(false);
  const field = useRef(null);
  const chars = [...item.text];
  useEffect(() => field.current.setSelectionRange(0, 0), []);
  const add = () => {
    const { selectionStart: from, selectionEnd: to } = field.current;
    setEmpty(from === to);
    if (from !== to) setSpans(tidy([...spans, [points(item.text, from), points(item.text, to)]]));
    field.current.focus();
  };
  const done = (event) => {
    event.preventDefault();
    if (!spans.length) {
      add();
      return;
    }
    desk.sheet = null;
    desk.mask(spans);
  };
  const typed = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  };
  // A field that is readonly knows no selection by keys; this one takes them and lets nothing be written.
  const still = (event) => event.preventDefault();
  const put = (event) => {
    event.target.value = item.text;
  };
  return html`<${Sheet} desk=${desk} title=${t("蒙字后批准")}><form onSubmit=${done}>
    <label for="mask-text">${t("选中要蒙的字，按 Enter 蒙上")}</label>
    <textarea id="mask-text" ref=${field} data-first rows="4" inputmode="none" autocomplete="off" spellcheck="false" aria-readonly="true" value=${item.text} aria-describedby="mask-help" onBeforeInput=${still} onInput=${put} onKeyDown=${typed}></textarea>
    <p class="xs quiet" id="mask-help">${t("用鼠标，或按住 Shift 用方向键选。原话不会改，只是公众看到 ■。")}</p>
    <p class="row"><button type="button" onClick=${add}>${t("蒙上选中的字")}</button>${empty && html`<span class="bad xs" role="alert">${t("还没有选中字。")}</span>`}</p>
    ${spans.length > 0 && html`<ul class="spans">${spans.map(([first, end]) => html`<li key=${first}><mark>${chars.slice(first, end).join("")}</mark> <button type="button" class="plain" onClick=${() => setSpans(spans.filter((each) => each[0] !== first))}>${t("不蒙")}</button></li>`)}</ul>`}
    <p><span class="quiet xs">${t("公众看到")}</span><br /><span class="wrap">${masked(item.text, spans)}</span></p>
    <p class="ends"><button type="submit" class="main" disabled=${!spans.length}>${t("蒙字后批准")}</button></p>
  </form></${Sheet}>`;
}

/** One question stands for the others; their supports are carried over by the server, once a person. */
function Merge({ desk }) {
  const items = desk.sheet.keys.map((key) => desk.item(key)).filter(Boolean).sort((a, b) => b.supports - a.supports);
  const [into, setInto] = useState(items[0]?.id);
  const done = async (event) => {
    event.preventDefault();
    const questions = items.map((item) => item.id).filter((id) => id !== into);
    const recorded = await desk.plain({ type: "question.merge", into, questions }, t("合并 {n} 条提问", { n: items.length }));
    if (!recorded) return;
    desk.sheet = null;
    desk.selected.clear();
    desk.render();
  };
  return html`<${Sheet} desk=${desk} title=${t("合并 {n} 条提问", { n: items.length })}><form onSubmit=${done}>
    <p class="quiet xs">${t("选一条代表其余的。支持数并过去，一人只算一次。作者会看到并到了哪一条；随时可以拆开。")}</p>
    <fieldset class="picks"><legend class="vh">${t("哪一条代表其余的")}</legend>${items.map((item, at) => html`<label key=${item.id}><input type="radio" name="into" data-first=${at === 0 ? "" : undefined} checked=${into === item.id} onChange=${() => setInto(item.id)} /> <span class="wrap">${item.text}</span> <span class="quiet xs nowrap">${t("{n} 人支持", { n: count(item.supports) })}</span></label>`)}</fieldset>
    <p class="ends"><button type="submit" class="main">${t("合并")}</button></p>
  </form></${Sheet}>`;
}

const SHEETS = { help: Help, mask: Mask, merge: Merge, switches: Switches, sanction: Sanction, emergency: Emergency };

/** The dialog that is open, if any. */
export function Sheets({ desk }) {
  const Open = desk.sheet && SHEETS[desk.sheet.name];
  return Open ? html`<${Open} desk=${desk} key=${desk.sheet.name} frame=${Sheet} />` : null;
}
