/* Small comforts of staff forms: the weekday of a date, minutes added up, copying and showing keys; every page works without it. */

import { ready, t } from "./i18n.js";

const WEEKDAYS = () => [t("周日"), t("周一"), t("周二"), t("周三"), t("周四"), t("周五"), t("周六")];

function switches() {
  for (const select of document.querySelectorAll("select[data-submit-on-change]")) {
    const button = select.form.querySelector("button");
    if (button) button.hidden = true;
    select.addEventListener("change", () => select.form.submit());
  }
}

/** Says the weekday of the chosen day, so that a wrong date shows before it is saved. */
function weekday() {
  const place = document.querySelector("[data-weekday]");
  const date = document.querySelector("input[name=date]");
  const start = document.querySelector("input[name=start]");
  const minutes = document.querySelector("input[name=minutes]");
  if (!place || !date) return;
  const today = place.textContent;
  const say = () => {
    const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date.value);
    if (!day) {
      place.textContent = today;
      return;
    }
    const name = WEEKDAYS()[new Date(Date.UTC(day[1], day[2] - 1, day[3])).getUTCDay()];
    const from = /^(\d\d):(\d\d)/.exec(start.value);
    let words = `${date.value} ${name}`;
    if (from) words += ` ${start.value.slice(0, 5)}`;
    if (from && Number(minutes.value) > 0) {
      const end = Number(from[1]) * 60 + Number(from[2]) + Number(minutes.value);
      const two = (value) => String(value).padStart(2, "0");
      words += `–${two(Math.floor(end / 60) % 24)}:${two(Math.floor(end % 60))}`;
      if (end >= 1440) words += t("（次日）");
    }
    place.textContent = t("{time} 北京时间", { time: words });
  };
  for (const input of [date, start, minutes]) input.addEventListener("input", say);
  say();
}

function total() {
  const place = document.querySelector("[data-total]");
  if (!place) return;
  const say = () => {
    let minutes = 0;
    for (const input of document.querySelectorAll("input[name^=segments-][name$=-minutes]")) {
      const [whole, seconds] = input.value.split(/[:：]/);
      minutes += (Number(whole) || 0) + (Number(seconds) || 0) / 60;
    }
    place.textContent = minutes ? place.dataset.total.replace("{minutes}", String(Math.round(minutes * 100) / 100)) : "";
  };
  document.addEventListener("input", say);
  say();
}

async function copy(button) {
  const text = button.dataset.copy;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = t("已复制");
  } catch {
    button.textContent = t("请手动复制");
  }
  setTimeout(() => (button.textContent = before), 2000);
}

function secrets() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function start() {
  await ready();
  switches();
  weekday();
  total();
  secrets();
  document.getElementById("errors")?.focus();
}

start();
