/* What control room and host's page share: the lane, acts under way, what was refused, the times of the show; no page. */

import { t } from "../../broadcast/i18n.js";
import { clock } from "./words.js";

export class RoomModel {
  constructor(lane, page, render) {
    Object.assign(this, { lane, page, render });
    this.busy = new Set();
    this.notice = null;
    this.said = null;
    this.asking = null; // a question that must be answered before an act: {title, lines, verb, risk, act}
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

  /** When the run-down will be through, if what is left takes its planned time; the planned end when nothing is left. */
  expectedEnd(now, plannedEnd) {
    const segments = this.segments;
    const at = segments.findIndex((each) => each.started_at && !each.ended_at);
    const later = segments.slice(at + 1).filter((each) => !each.started_at);
    if (at < 0 && !later.length) return Math.max(now, plannedEnd);
    const current = segments[at];
    const left = current ? Math.max(0, Date.parse(current.started_at) + current.planned_seconds * 1000 - now) : 0;
    return now + left + later.reduce((sum, each) => sum + each.planned_seconds * 1000, 0);
  }

  /** The run-down cut in three; `times` adds to each later segment when it is expected to begin. */
  rundown() {
    const { now, start } = this.times();
    const segments = this.segments;
    const current = segments.find((each) => each.started_at && !each.ended_at) || null;
    const done = segments.filter((each) => each.ended_at);
    let at = current ? Math.max(now, Date.parse(current.started_at) + current.planned_seconds * 1000) : Math.max(start, this.state === "on_air" ? now : start);
    let planned = start;
    const plannedAt = new Map(segments.map((each) => {
      const own = planned;
      planned += each.planned_seconds * 1000;
      return [each.id, own];
    }));
    const later = [];
    for (const each of segments) {
      if (each.started_at) continue;
      later.push({ segment: each, at });
      at += each.planned_seconds * 1000;
    }
    return { current, done, later, plannedAt, end: at };
  }
}
