/* Choosing many on the desk: by hand, by rule, by likeness; and what the parts ask about groups of items; no page. */

import { standing } from "./desk-queues.js";
import { DeskView } from "./desk-view.js";
import { keyOf } from "./staff-socket.js";

const MOST = 1000;

export class DeskPick extends DeskView {
  free(key) {
    return !this.done(key) && !this.taken(this.item(key));
  }

  toggle(key) {
    if (!this.selected.delete(key) && this.item(key) && this.free(key)) this.selected.add(key);
    this.reveal = true;
    this.render();
  }

  /** Select rows of the list, all or those that fit; never those that others have. */
  select(fits = () => true) {
    this.selected = new Set(this.keys.filter((key) => fits(this.item(key)) && this.free(key)).slice(0, MOST));
    this.render();
  }

  unselect() {
    this.selected.clear();
    this.render();
  }

  /** Rules that found something in this queue: [{code, name, count}], the busiest first. */
  rules() {
    return this.once(`rules ${this.queue}`, () => this.index.rules(this.queue));
  }

  ruleCount(code) {
    return this.rules().find((each) => each.code === code)?.count || 0;
  }

  selectRule(code) {
    this.select((item) => standing(item).some((hit) => hit.code === code));
  }

  /** Those of the list that look like this item and can be decided with it. */
  alikeHere(item) {
    return this.index.alike(item).filter((key) => this.held.has(key) && this.item(key) && this.free(key));
  }

  selectAlike(item) {
    this.selected = new Set([keyOf(item), ...this.alikeHere(item)]);
    this.render();
  }

  /** Questions of the selection that one of them may stand for. */
  get mergeable() {
    const chosen = [...this.selected].filter((key) => this.item(key)?.kind === "question");
    return chosen.length > 1 && chosen.length === this.selected.size ? chosen : [];
  }

  /** Questions that this one stands for. */
  mergedInto(item) {
    const merged = this.once("merged", () => [...this.index.sets.get("merged")].map((key) => this.item(key)));
    return item.kind === "question" ? merged.filter((each) => each.merged_into === item.id) : [];
  }
}
