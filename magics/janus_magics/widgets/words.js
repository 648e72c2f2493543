// Numbers and times in words.

const STEPS = ["MiB", "GiB", "TiB"];

/** In which step of memory's units a number of MiB is told. */
function stepOf(number) {
  let step = 0;
  for (let value = number; value >= 1024 && step < STEPS.length - 1; value /= 1024) step += 1;
  return step;
}

/** A number of MiB in such a step, without the unit. */
function inStep(number, step) {
  return number ? (number / 1024 ** step).toFixed(step ? 1 : 0) : "0";
}

/** So much of a resource; memory comes in MiB. */
function amount(number, unit) {
  if (unit !== "bytes") return String(Math.round(number * 10) / 10);
  const step = stepOf(number);
  return `${inStep(number, step)} ${STEPS[step]}`;
}

/** A part of a whole, in the whole's unit and without it. */
function part(number, spec) {
  return spec.unit === "bytes" ? inStep(number, stepOf(spec.total)) : amount(number, spec.unit);
}

function unitOf(spec) {
  return spec.unit === "bytes" ? STEPS[stepOf(spec.total)] : spec.unit;
}

/** A length of time: "12 s", "3 min 05 s", "2 h 10 min". */
function age(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** What a display says of which nothing was heard for so many seconds. */
function unheard(seconds) {
  return `▲ no news for ${age(seconds)}; if the kernel has ended, run the cell again`;
}
