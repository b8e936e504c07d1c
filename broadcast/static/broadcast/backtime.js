/* The arithmetic of a running order, for pages that count on every second: the same as scheduling/backtime.py, which says what each
   word means; a test holds the two together. Pure: seconds from the planned start, no table, no clock, no words. */

const shortest = (line) => (line.least == null ? line.seconds : line.least);
const longest = (line) => (line.most == null ? line.seconds : line.most);
const timed = (line) => line.at != null;
const hard = (line) => line.at != null && line.wait != null;
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/**
 * Lines {key, seconds, at, wait, least, most} in time; runs: Map of key to {started, ended}. Returns {lines, aim, planned_end, end,
 * late, slack, over}, each line {key, stand, planned, planned_seconds, start, seconds, latest, gap, cut, over}.
 */
export function order(lines, { end, runs = new Map(), now = 0, closed = false }) {
  const { plan, plannedEnd } = planned(lines, end);
  let last = -1;
  lines.forEach((line, place) => {
    const run = runs.get(line.key);
    if (run && (last < 0 || run.started >= runs.get(lines[last].key).started)) last = place;
  });
  const ahead = lines.map((line, place) => place).filter((place) => place > last && !runs.has(lines[place].key) && !closed);
  const shapes = [];
  let at = last < 0 && !closed ? Math.max(0, now) : 0;
  let passed = at;
  lines.forEach((line, place) => {
    const run = runs.get(line.key);
    const [start, seconds] = plan[place];
    const shape = { key: line.key, stand: "skipped", planned: start, planned_seconds: seconds, start: at, seconds: 0, latest: null, gap: 0, cut: 0 };
    if (run) {
      const open = run.ended == null;
      const until = open ? Math.max(run.started + line.seconds, now) : run.ended;
      at = Math.max(at, until);
      passed = Math.max(passed, run.started, open ? now : run.ended);
      Object.assign(shape, { stand: open ? "running" : "done", start: run.started, seconds: until - run.started });
    }
    shapes.push(shape);
  });
  const latest = latestStarts(ahead.map((place) => lines[place]), end);
  const slack = (ahead.length ? latest[0] : end) - at;
  const late = at - (ahead.length ? plan[ahead[0]][0] : end);
  at = lay({ lines, ahead, latest, shapes, passed, end }, at);
  for (const shape of shapes) shape.over = shape.start - shape.planned;
  return { lines: shapes, aim: end, planned_end: plannedEnd, end: at, late, slack, over: at - end };
}

function lay({ lines, ahead, latest, shapes, passed, end }, from) {
  let at = from;
  for (const [first, stop] of stretches(ahead.map((place) => lines[place]))) {
    const places = ahead.slice(first, stop);
    const line = lines[places[0]];
    let gap = 0;
    let cut = 0;
    if (hard(line)) {
      gap = Math.max(0, line.at - at);
      cut = Math.max(0, at - Math.max(line.at + line.wait, passed));
      at += gap - cut;
      trim(shapes, at);
    }
    const aim = stop < ahead.length ? lines[ahead[stop]].at : end;
    fitted(places.map((place) => lines[place]), aim - at).forEach((seconds, index) => {
      Object.assign(shapes[places[index]], { stand: "ahead", start: at, seconds, latest: latest[first + index], gap, cut });
      at += seconds;
      gap = 0;
      cut = 0;
    });
  }
  return at;
}

function planned(lines, end) {
  const plan = [];
  let at = 0;
  for (const [first, stop] of stretches(lines)) {
    if (timed(lines[first])) at = lines[first].at;
    const aim = stop < lines.length ? lines[stop].at : end;
    for (const seconds of fitted(lines.slice(first, stop), aim - at)) {
      plan.push([at, seconds]);
      at += seconds;
    }
  }
  return { plan, plannedEnd: at };
}

function stretches(lines) {
  const firsts = lines.map((line, place) => place).filter((place) => place === 0 || timed(lines[place]));
  return firsts.map((first, index) => [first, index + 1 < firsts.length ? firsts[index + 1] : lines.length]);
}

function latestStarts(lines, end) {
  const found = [];
  let until = end;
  for (let place = lines.length - 1; place >= 0; place -= 1) {
    const line = lines[place];
    until -= shortest(line);
    if (hard(line)) until = Math.min(until, line.at + line.wait);
    found[place] = until;
  }
  return found;
}

function fitted(lines, room) {
  const wanted = room - sum(lines.map((line) => line.seconds));
  const reach = lines.map((line) => (wanted > 0 ? longest(line) - line.seconds : line.seconds - shortest(line)));
  const whole = sum(reach);
  const share = whole ? Math.min(1, Math.abs(wanted) / whole) : 0;
  return lines.map((line, index) => line.seconds + (wanted > 0 ? 1 : -1) * share * reach[index]);
}

function trim(shapes, until) {
  for (const shape of shapes) {
    if (!(shape.start + shape.seconds > until) || (shape.stand !== "running" && shape.stand !== "ahead")) continue;
    shape.start = Math.min(shape.start, until);
    shape.seconds = until - shape.start;
  }
}
