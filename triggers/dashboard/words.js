// How figures and names are told. Everything here answers with a text.

const counting = new Intl.NumberFormat("en");
const NOT_KNOWN = "not known yet";

function number(value) {
  return value === null || value === undefined ? "–" : counting.format(value);
}

function words(name) {
  return String(name ?? "–").replaceAll("_", " ");
}

function share(value) {
  return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
}

function moment(text) {
  return text ? new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" }) : "–";
}

function lasting(seconds) {
  if (seconds === null || seconds === undefined) return NOT_KNOWN;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

// How a state, verdict or result is marked; the mark is a sign as well as a colour.
const MARKS = {
  completed: "good", proven: "good", passed: "good",
  completed_with_errors: "doubt", halted: "doubt", paused: "doubt", unverified: "doubt", not_readable: "doubt",
  failed: "bad", differs: "bad",
};

function mark(name) {
  return MARKS[name] ?? "";
}
