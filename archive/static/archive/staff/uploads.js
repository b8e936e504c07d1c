/* The page of a tray: files that are chosen go up two at a time, those that stopped are named; the protocol is tus.js. */

import { ready, t } from "../../broadcast/i18n.js";
import { Sending } from "./tus.js";

const boot = JSON.parse(document.getElementById("tray").textContent);
const list = document.getElementById("list");
const whole = document.getElementById("whole");
const controls = document.getElementById("controls");
const pauseAll = document.getElementById("pause");
const csrf = () => document.querySelector("#pick [name=csrfmiddlewaretoken]").value;
const AT_ONCE = 2;
const LOOK_SECONDS = 3;
const rows = new Map();
const sendings = new Map();
let known = boot;
let held = false;

function bytes(size) {
  const units = ["B", "KB", "MB", "GB"];
  let at = 0;
  let value = size;
  for (; value >= 1024 && at < 3; at += 1) value /= 1024;
  return `${at ? value.toFixed(1) : value} ${units[at]}`;
}

function span(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const all = Math.round(seconds);
  return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
}

function made(tag, name, words = "") {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = words;
  return node;
}

function row(name) {
  if (rows.has(name)) return rows.get(name);
  const line = made("li", "");
  const found = { line, bar: made("progress", ""), said: made("span", "said"), act: made("button", ""), gone: made("button", "plain", t("删去")) };
  found.act.type = found.gone.type = "button";
  found.bar.max = 1;
  found.bar.setAttribute("aria-label", name);
  found.gone.setAttribute("aria-label", `${t("删去")} ${name}`);
  const acts = made("span", "acts");
  acts.append(found.act, found.gone);
  line.append(made("span", "name", name), acts, found.bar, found.said);
  found.act.addEventListener("click", () => turn(name));
  found.gone.addEventListener("click", () => remove(name));
  list.append(line);
  rows.set(name, found);
  return found;
}

/** Pause or go on. */
function turn(name) {
  const sending = sendings.get(name);
  if (!sending) {
    document.getElementById("files").click();
    return;
  }
  if (["paused", "refused"].includes(sending.state)) goOn(sending);
  else sending.halt();
  next();
}

/** One that has not stopped yet does not stop; another waits for its turn. */
function goOn(sending) {
  sending.stopped = false;
  sending.set(sending.busy ? "sending" : "waiting");
}

async function remove(name) {
  const sending = sendings.get(name);
  if (sending) sending.halt();
  const server = known.uploads.find((each) => each.name === name);
  const address = (sending && sending.address) || (server && server.address);
  if (address) {
    const answer = await fetch(address, { method: "DELETE", credentials: "same-origin", headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": csrf() } });
    if (!answer.ok && answer.status !== 404) {
      row(name).said.textContent = await answer.text();
      return;
    }
  }
  sendings.delete(name);
  rows.get(name).line.remove();
  rows.delete(name);
  look();
  next();
}

const REFUSALS = () => ({
  login: t("登录已过期。请在另一个标签页登录，再按“继续”。"),
  digest: t("内容和您电脑上的不一样，已删去。请再选择一次。"),
  unreadable: t("读不到这个文件：它可能被改动或移走了。请再选择一次。"),
});

function draw(name) {
  const sending = sendings.get(name);
  const server = known.uploads.find((each) => each.name === name);
  const { bar, said, act } = row(name);
  const size = sending ? sending.file.size : server.size;
  const offset = sending ? sending.offset : server.offset;
  bar.value = size ? offset / size : 0;
  const amount = `${bytes(offset)} / ${bytes(size)}`;
  const state = server && (!sending || sending.state === "done") ? server.state : sending.state;
  const left = sending && sending.rate ? ` · ${t("每秒 {rate}", { rate: bytes(sending.rate) })} · ${t("还要 {time}", { time: span((size - offset) / sending.rate) })}` : "";
  const words = {
    waiting: t("排队"), reading: t("正在核对前面的内容"), sending: amount + left, offline: t("连不上，正在重试"), paused: `${t("已暂停")} · ${amount}`,
    receiving: t("已收到 {amount}，再选择同一个文件就从那里继续", { amount }), checking: t("传完了，正在核对"), ready: `${t("已传完")} · ${bytes(size)}`,
    done: t("传完了，正在核对"), refused: sending ? REFUSALS()[sending.words] || sending.words : server && server.problem,
  };
  const extra = sending && sending.words && state !== "refused" ? ` · ${REFUSALS()[sending.words] || sending.words}` : "";
  said.textContent = (words[state] || state) + extra;
  said.classList.toggle("wrong", state === "refused" || state === "offline");
  act.hidden = ["ready", "checking", "done"].includes(state);
  act.textContent = !sending ? t("选择文件") : ["paused", "refused"].includes(state) ? t("继续") : t("暂停");
}

function sum() {
  const mine = [...sendings.values()];
  const open = mine.filter((each) => !["done", "refused"].includes(each.state));
  const rate = mine.filter((each) => each.state === "sending").reduce((all, each) => all + each.rate, 0);
  const left = open.reduce((all, each) => all + each.file.size - each.offset, 0);
  controls.hidden = !open.length;
  pauseAll.textContent = held ? t("全部继续") : t("全部暂停");
  whole.textContent = open.length ? `${t("还有 {count} 个文件，{left}", { count: open.length, left: bytes(left) })}${rate ? ` · ${t("还要 {time}", { time: span(left / rate) })}` : ""}` : "";
}

function next() {
  const running = [...sendings.values()].filter((each) => each.busy).length;
  const waiting = held ? [] : [...sendings.values()].filter((each) => each.state === "waiting" && !each.busy);
  for (const sending of waiting.slice(0, Math.max(0, AT_ONCE - running))) {
    sending.busy = true;
    sending.run().then(() => {
      sending.busy = false;
      look();
      next();
    });
  }
  sum();
}

function choose(files) {
  for (const file of files) {
    const old = sendings.get(file.name);
    if (old && !["refused", "paused"].includes(old.state)) continue;
    if (old) old.halt();
    sendings.set(file.name, new Sending(file, boot.create, csrf, (each) => {
      if (sendings.get(file.name) === each) draw(file.name);
      sum();
    }));
    draw(file.name);
  }
  next();
}

async function look() {
  try {
    const answer = await fetch(boot.state, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    if (!answer.ok) return;
    known = await answer.json();
  } catch (error) {
    return;
  }
  for (const each of known.uploads) if (!sendings.has(each.name) || sendings.get(each.name).state === "done") draw(each.name);
  const idle = ![...sendings.values()].some((each) => each.state !== "done");
  const changed = known.wanted !== boot.wanted || known.reported !== boot.reported || known.batch !== boot.batch;
  if (changed && idle) location.reload();
}

async function start() {
  await ready();
  for (const each of boot.uploads) draw(each.name);
  const input = document.getElementById("files");
  input.addEventListener("change", () => {
    choose([...input.files]);
    input.value = "";
  });
  pauseAll.addEventListener("click", () => {
    held = !held;
    for (const each of sendings.values()) {
      if (held) each.halt();
      else if (each.state === "paused") goOn(each);
    }
    next();
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...sendings.values()].some((each) => ["sending", "reading", "offline"].includes(each.state))) event.preventDefault();
  });
  setInterval(() => {
    const open = known.wanted || known.uploads.some((each) => each.state === "checking") || [...sendings.values()].some((each) => each.state === "done");
    if (open) look();
  }, LOOK_SECONDS * 1000);
}

start();
