/* What control room and host's page share: the lane, acts under way, what was refused, the times of the show; no page. */

import { order } from "../../broadcast/backtime.js";
import { t } from "../../broadcast/i18n.js";
import { clock } from "./words.js";

export class RoomModel {
  constructor(lane, page, render) {
    Object.assign(this, { lane, page, render });
    this.busy = new Set();
    this.notice = null;
    this.said = null;
    this.asking = null; // a question that must be answered before an act: {title, lines, verb, risk, act}
    this.promising = null; // the question that a department shall answer in writing, while that is being noted
    this.view = "queue";
    this.lid = { open: false, until: 0 };
  }

  get airing() {
    return this.lane.object("airing");
  }

  get state() {
    return this.airing?.state || "planned";
  }

  get feed() {
    return this.lane.panels.feed || null;
  }

  get segments() {
    return this.lane.ofKind("segment").sort((a, b) => a.position - b.position);
  }

  get questions() {
    return [...this.lane.items.values()].filter((item) => item.kind === "question");
  }

  /** Questions of some states; the host's list in the order it was filled, the others by supports. */
  asked(...states) {
    const found = this.questions.filter((item) => states.includes(item.state));
    return found.sort((a, b) => b.supports - a.supports || (a.at < b.at ? -1 : 1));
  }

  /** Send one command under a name; the button of that name is off meanwhile. Resolves to the result, or null when refused. */
  async run(name, command, done = "") {
    if (this.busy.has(name)) return null;
    this.busy.add(name);
    this.notice = null;
    this.render();
    try {
      const result = await this.lane.send(command);
      this.said = done ? `${clock(this.lane.now())} ${done}${t("。服务器已记录")}` : this.said;
      return result;
    } catch (refusal) {
      this.notice = refusal.message || t("没有办成，请再试一次。");
      return null;
    } finally {
      this.busy.delete(name);
      this.render();
    }
  }

  act(act, done, reason = "") {
    return this.run(act, { type: "act.perform", act, reason }, done);
  }

  ask(question) {
    this.asking = question;
    this.render();
  }

  /** Times of the show in ms; `over` is how much later than planned the end is expected, null off air. */
  times() {
    const now = this.lane.now();
    const airing = this.airing;
    const start = Date.parse(airing?.planned_start || this.page.planned_start);
    const end = Date.parse(airing?.planned_end || this.page.planned_end);
    const began = airing?.actual_start ? Date.parse(airing.actual_start) : null;
    const ended = airing?.actual_end ? Date.parse(airing.actual_end) : null;
    const over = this.state === "on_air" ? this.expectedEnd(now, end) - end : null;
    return { now, start, end, began, ended, over };
  }

  /** The running order now, as the run-down's own page counts it; what starts are timed and what floats comes with the panel. */
  order(now, plannedEnd) {
    const start = Date.parse(this.airing?.planned_start || this.page.planned_start);
    const since = (time) => (Date.parse(time) - start) / 1000;
    const timed = new Map((this.lane.panels.rundown?.lines || []).map((line) => [line.id, line]));
    const none = { at: null, wait: null, least: null, most: null };
    const lines = this.segments.map((each) => ({ ...none, ...timed.get(each.id), key: each.id, seconds: each.planned_seconds }));
    const runs = new Map(this.segments.filter((each) => each.started_at).map((each) => [each.id, { started: since(each.started_at), ended: each.ended_at ? since(each.ended_at) : null }]));
    return order(lines.map(sound), { end: (plannedEnd - start) / 1000, runs, now: (now - start) / 1000 });
  }

  /** When the run-down will be through; the planned end when nothing is left of it. */
  expectedEnd(now, plannedEnd) {
    const laid = this.order(now, plannedEnd);
    const left = laid.lines.some((shape) => shape.stand === "running" || shape.stand === "ahead");
    return left ? plannedEnd + laid.over * 1000 : Math.max(now, plannedEnd);
  }

  /** The run-down cut in three; each later segment with when it is expected to begin, one that was passed over last and without. */
  rundown() {
    const { now, start, end } = this.times();
    const segments = this.segments;
    const laid = this.order(this.state === "on_air" ? now : Math.min(now, start), end);
    const at = (seconds) => start + seconds * 1000;
    const found = laid.lines.map((shape, place) => ({ segment: segments[place], at: shape.stand === "skipped" ? null : at(shape.start), shape }));
    const later = (stand) => found.filter(({ shape }) => shape.stand === stand);
    return {
      current: segments.find((each) => each.started_at && !each.ended_at) || null,
      done: segments.filter((each) => each.ended_at),
      later: [...later("ahead"), ...later("skipped")],
      plannedAt: new Map(laid.lines.map((shape) => [shape.key, at(shape.planned)])),
      end: at(laid.end),
    };
  }
}

/** The panel may be older than the segments: a length that changed meanwhile stays between its bounds. */
function sound(line) {
  if (line.least == null) return line;
  return { ...line, least: Math.min(line.least, line.seconds), most: Math.max(line.most, line.seconds) };
}
