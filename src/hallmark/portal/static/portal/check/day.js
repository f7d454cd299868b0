/** Civil dates, written YYYY-MM-DD; texts in this form compare as the days do. */

const DAY = 86_400_000;
const SHAPE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

/** Tell whether `value` is a date of the years 1 to 9999. */
export function isDay(value) {
  const parts = typeof value === "string" && SHAPE.exec(value);
  return Boolean(parts) && value >= "0001-01-01" && toDay(fromDay(value)) === value;
}

/** Return the date at `at`, ms since 1970 UTC, for clocks `offset` minutes ahead of UTC. */
export const civilDay = (at, offset) => toDay(at + offset * 60_000);

/** Return the day after. */
export const dayAfter = (day) => toDay(fromDay(day) + DAY);

const fromDay = (day) => Date.parse(`${day}T00:00:00Z`);

function toDay(ms) {
  const moment = new Date(ms);
  return Number.isNaN(moment.valueOf()) ? "" : moment.toISOString().slice(0, 10);
}
