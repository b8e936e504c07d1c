/* The editing page: marks, keys and preview around the form, which works without it; what is saved, the server decides. */

import { ready, t } from "../broadcast/i18n.js";
import { seconds, short } from "./clock-words.js";
import { load } from "./peaks.js";
import { left, leftOut } from "./edit-plan.js";
import { FRAME, player } from "./edit-player.js";
import { coverer, drawer } from "./edit-region.js";
import { timeline } from "./edit-timeline.js";

const by = (id) => document.getElementById(id);
const form = by("mark");
const video = by("video");

function begin() {
  const boot = JSON.parse(by("editor").textContent);
  const fields = form.elements;
  const regions = ["left", "top", "width", "height"].map((name) => fields[name]);
  const canvas = by("timeline");
  const asCut = by("as-cut");
  let peaks = null;
  let trying = false;
  let drawn = null;

  const mark = () => {
    const [start, end] = [seconds(fields.from.value), seconds(fields.until.value)];
    return { start: Number.isNaN(start) ? 0 : start, end: Number.isNaN(end) ? boot.length : end };
  };
  const kind = () => fields.kind.value;
  const marked = () => fields.from.value !== "" || fields.until.value !== "";
  /** The form's stretch as if it were a draft; none before anything is marked. */
  const draft = () => (marked() ? [{ kind: kind(), state: "draft", ...mark(), region: drawn ? drawn.typed() : null }] : []);
  const edits = () => {
    const others = boot.edits.filter((each) => String(each.pk) !== fields.pk.value);
    return trying ? [...others, ...draft()] : others;
  };
  const out = () => leftOut(edits(), boot.kept, boot.length);
  const plan = () => ({ edits: edits(), out: out(), length: boot.length, on: asCut.checked });

  const cover = coverer(by("covers"), video);
  const tape = player(video, boot.video, plan, cover, () => {
    by("now").textContent = short(video.currentTime);
    by("play").textContent = video.paused ? t("播放") : t("停");
    const frame = by("frame-at");
    if (frame && document.activeElement !== frame) frame.value = short(video.currentTime);
    if (line) line.follow();
  });
  const line = timeline(canvas, by("overview"), {
    length: boot.length,
    video,
    shared: boot.shared,
    peaks: () => peaks,
    edits,
    out: () => leftOut(boot.edits.filter((each) => each.state === "applied"), boot.kept, boot.length),
    mark: () => (marked() ? mark() : null),
    setMark: (found) => put(found.start, found.end),
    seek: tape.seek,
  });

  function told() {
    const now = mark();
    const other = leftOut([...boot.edits.filter((each) => String(each.pk) !== fields.pk.value), ...draft()], boot.kept, boot.length);
    const words = t("长 {long}", { long: short(Math.max(0, now.end - now.start)) });
    const rest = kind() === "cut" || kind() === "trim" ? t("，剪后全长 {left}", { left: short(left(other, boot.length)) }) : "";
    by("long").textContent = now.end > now.start ? words + rest : t("出点要在入点后面");
    by("long").hidden = !marked();
    document.querySelectorAll("[data-means]").forEach((each) => {
      each.hidden = each.dataset.means !== kind();
    });
    form.querySelector(".region").hidden = kind() !== "blur";
    by("drawing").hidden = kind() !== "blur";
    drawn.show();
    tape.look();
    line.draw();
  }
  function put(start, end) {
    fields.from.value = short(start);
    fields.until.value = short(end);
    told();
  }
  const say = (words) => {
    by("said").textContent = words;
  };

  drawn = drawer(by("drawing"), video, regions, told);
  form.addEventListener("input", told);
  form.addEventListener("change", told);

  function markIn() {
    const at = video.currentTime;
    put(at, mark().end > at ? mark().end : boot.length);
    say(t("入点 {time}", { time: short(at) }));
  }
  function markOut() {
    const at = video.currentTime;
    put(mark().start < at ? mark().start : 0, at);
    say(t("出点 {time}", { time: short(at) }));
  }
  /** Plays across the form's stretch as it will be. */
  function tryIt() {
    const now = mark();
    if (!marked() || now.end <= now.start) return;
    trying = true;
    asCut.checked = true;
    line.show(now.start, now.end);
    // Of a trim what is heard first is what stays.
    if (kind() === "trim") tape.across(now.start, Math.min(now.end, now.start + 5));
    else tape.across(now.start, now.end);
    say(t("试看：跳过剪去的，盖掉消音的，遮住打码的"));
  }
  function preview(pk) {
    const found = boot.edits.find((each) => each.pk === pk);
    trying = false;
    asCut.checked = true;
    line.show(found.start, found.end);
    tape.across(found.start, found.end);
    by("screen").scrollIntoView({ block: "nearest" });
  }
  /** The form changes that draft instead of adding one. */
  function change(button) {
    const found = boot.edits.find((each) => each.pk === Number(button.dataset.change));
    fields.act.value = "change";
    fields.pk.value = String(found.pk);
    fields.version.value = button.dataset.version;
    fields.kind.value = found.kind;
    fields.reason.value = button.dataset.reason;
    regions.forEach((each, number) => {
      each.value = found.region ? String(found.region[number]) : "";
    });
    by("add").textContent = t("保存草稿");
    by("anew").hidden = false;
    tape.seek(found.start);
    line.show(found.start, found.end);
    put(found.start, found.end);
    form.scrollIntoView({ block: "nearest" });
    fields.from.focus();
  }

  document.querySelectorAll("[data-preview]").forEach((each) => {
    each.hidden = false;
    each.addEventListener("click", () => preview(Number(each.dataset.preview)));
  });
  document.querySelectorAll("[data-change]").forEach((each) => {
    each.hidden = false;
    each.addEventListener("click", () => change(each));
  });
  by("anew").addEventListener("click", () => location.reload());
  by("try").hidden = by("transport").hidden = canvas.hidden = by("overview").hidden = false;
  by("try").addEventListener("click", tryIt);
  by("play").addEventListener("click", tape.toggle);
  by("in").addEventListener("click", markIn);
  by("out").addEventListener("click", markOut);
  by("closer").addEventListener("click", () => line.zoom(0.5));
  by("wider").addEventListener("click", () => line.zoom(2));
  by("whole").addEventListener("click", line.whole);
  asCut.addEventListener("change", () => {
    trying = asCut.checked && trying;
    told();
  });
  video.addEventListener("click", tape.toggle);

  const keys = {
    " ": tape.toggle,
    j: tape.back,
    k: tape.pause,
    l: tape.forth,
    i: markIn,
    o: markOut,
    p: tryIt,
    "+": () => line.zoom(0.5),
    "=": () => line.zoom(0.5),
    "-": () => line.zoom(2),
    0: line.whole,
    Home: () => tape.step(-boot.length),
    End: () => tape.step(boot.length),
    ArrowUp: () => tape.seek(mark().start),
    ArrowDown: () => tape.seek(mark().end),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    if (event.target.closest("button, a, summary, input, label") && [" ", "Enter"].includes(event.key)) return;
    const radio = event.target.matches("input[type=radio]") && event.key.startsWith("Arrow");
    const numbered = fields.kind[Number(event.key) - 1];
    if (event.key.startsWith("Arrow") && !radio && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
      tape.step((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 1 : FRAME));
    } else if (numbered) {
      numbered.checked = true;
      told();
    } else {
      const act = radio ? null : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      act();
    }
    event.preventDefault();
  });

  // What was typed and refused stays as it was typed.
  if (fields.act.value === "change") by("anew").hidden = false;
  told();
  if (boot.peaks) {
    load(boot.peaks).then((found) => {
      peaks = found;
      line.draw();
    });
  } else {
    say(t("波形还没有做好，照样能剪。"));
  }
}

const asked = by("asked");
if (asked) asked.focus();
if (form && video) ready().then(begin);
