// One resource: how much is used, how it went, and what leases cover of it.

const HOT = 0.92;
const PARTS = [
  ["leased", "leased", "what leases cover"],
  ["ending", "ending", "held by somebody who is gone, and not yet seen to be free"],
  ["outside", "others", "used, and covered by no lease"],
];

/** A gauge's tile; `tell(use, heat, points, now)` brings it up to date. Why it is not known is left out where it is `told` above. */
function gauge(spec, told) {
  const device = spec.resource.startsWith("vram:");
  const number = make("span", { class: "number" });
  const rest = make("span", { class: "dim" });
  const heat = make("span");
  const under = make("div", { class: "under dim" }, spec.detail ? make("span", { title: spec.detail }, spec.detail) : "", heat);
  const load = make("span", { class: "load" }, make("i", { class: "swatch dash" }), make("span"));
  const reading = make("span", { class: "reading" }, number, " ", rest);
  const head = make("div", { class: "top" }, make("h4", {}, spec.label), load, reading);
  show(load, false);
  const lines = curve(device ? ["first", "second"] : ["first"]);
  const bar = stackedBar(spec);
  const tile = make("section", { class: "gauge", "aria-label": spec.label }, head, under);
  if (spec.failure) {
    say(number, "not known");
    number.className = "warn";
    if (!told.includes(spec.failure)) tile.append(make("p", { class: "warn" }, `▲ ${spec.failure}. Nothing of it is granted.`));
    return { element: tile, tell: () => {} };
  }
  if (spec.unit !== "places") tile.append(lines.element);
  tile.append(bar.element, bar.legend);
  const tell = (use, warmth, points, now) => {
    const [used, , , , busy] = use;
    const share = spec.total ? used / spec.total : 0;
    const [value, total] = spec.unit === "threads" ? [percent(share), "busy"] : [part(used, spec), `of ${part(spec.total, spec)} ${unitOf(spec)}`];
    say(number, value);
    say(rest, total);
    number.classList.toggle("bad", share > HOT && spec.unit === "bytes");
    say(heat, warmth || "");
    lines.draw(points, now);
    show(load, busy != null);
    say(load.lastChild, `load ${busy} %`);
    const and = busy == null ? "" : `, load ${busy} %`;
    mark(lines.element, "aria-label", `${spec.label}, the last two minutes; now ${percent(share)}${and}`);
    bar.tell(use);
  };
  return { element: tile, tell };
}

/** What counts against the budget, one part beside the other, each with a pattern of its own; what is kept in reserve is hatched. */
function stackedBar(spec) {
  const track = make("div", { class: "bar", role: "meter", "aria-valuemin": "0", "aria-valuemax": "100" });
  const parts = PARTS.map(([kind]) => make("i", { class: kind }));
  track.append(...parts);
  if (spec.budget != null && spec.total > spec.budget) {
    const title = `kept in reserve: ${amount(spec.total - spec.budget, spec.unit)}`;
    const style = `width:${((1 - spec.budget / spec.total) * 100).toFixed(1)}%`;
    track.append(make("b", { class: "reserve", style, title }));
  }
  const legend = make("div", { class: "legend" });
  const words = PARTS.map(([kind, word, title]) => {
    const text = make("span");
    return { kind, word, text, entry: make("span", { title }, make("i", { class: `swatch ${kind}` }), text) };
  });
  const free = make("span", { class: "dim free" });
  legend.append(...words.map((each) => each.entry), free);
  const tell = (use) => {
    const leasable = spec.budget != null;
    const numbers = leasable ? use.slice(1, 4) : [use[0], 0, 0];
    parts.forEach((part, i) => {
      const width = `${spec.total ? Math.min(100, (numbers[i] / spec.total) * 100).toFixed(1) : 0}%`;
      if (part.style.width !== width) part.style.width = width;
    });
    words.forEach((each, i) => {
      show(each.entry, leasable && (numbers[i] > 0 || each.kind === "leased"));
      say(each.text, `${each.word} ${part(numbers[i], spec)}`);
    });
    const left = leasable ? Math.max(0, spec.budget - numbers[0] - numbers[1] - numbers[2]) : 0;
    show(free, leasable);
    say(free, `free ${part(left, spec)} ${unitOf(spec)}`);
    mark(track, "aria-label", `${spec.label}: what counts against its budget`);
    mark(track, "aria-valuenow", Math.round(spec.total ? ((numbers[0] + numbers[1] + numbers[2]) / spec.total) * 100 : 0));
    mark(track, "aria-valuetext", [...legend.children].filter((each) => !each.hidden).map((each) => each.textContent).join(", "));
  };
  return { element: track, legend, tell };
}
