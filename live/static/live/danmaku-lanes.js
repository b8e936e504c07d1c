/* Which comments fly, and in which lane so that none runs into another; pure. */

/** Whether the lot lets this comment fly when `percent` in a hundred do: the same everywhere, whoever asks. */
export const drawn = (id, percent) => ((Math.imul(id, 2654435761) >>> 0) % 100) < percent;

/** A lane where one of `width` may start at `now` and meets nobody, or -1. `lanes`: {clear, done} of who started there last: when its end
    has come in, when it has left. */
export function laneFor(lanes, now, width, span, lasting) {
  const reaches = now + (lasting * span) / (span + width);
  return lanes.findIndex((lane) => lane.clear <= now && lane.done <= reaches);
}
