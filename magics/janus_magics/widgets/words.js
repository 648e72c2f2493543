// Numbers and times in words.

const STEPS = ["MiB", "GiB", "TiB"];

/** So much of a resource, without its unit where `bare`: memory comes in MiB. */
function amount(number, unit) {
  if (unit !== "bytes") return String(Math.round(number * 10) / 10);
  let value = number;
  let step = 0;
  while (value >= 1024 && step < STEPS.length - 1) {
    value /= 1024;
    step += 1;
  }
  return `${value.toFixed(step ? 1 : 0)} ${STEPS[step]}`;
}

/** "18.2 of 31.3 GiB": the unit once, where both have the same. */
function ofTotal(used, total, unit) {
  const [a, b] = [amount(used, unit), amount(total, unit)];
  const ending = b.slice(b.indexOf(" "));
  return a.endsWith(ending) ? [a.slice(0, -ending.length), `of ${b}`] : [a, `of ${b}`];
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
