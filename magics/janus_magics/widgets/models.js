// The live list of models: a table, and a bar for each memory.

const QUIET_SECONDS = 10;
const KINDS = { weights: "weights", cache: "keys and values", buffers: "buffers", leased: "other leases", others: "others", free: "free" };

export default function () {
  const known = { sections: {}, at: 0, heardAt: 0 };

  function take(message) {
    Object.assign(known.sections, message.sections);
    known.at = message.at;
    known.heardAt = performance.now();
  }

  return liveDisplay({
    kind: "models",
    known,
    take,
    view: modelsView,
    traits: "change:over",
    settle: (view) => view.draw(),
  });
}

function modelsView(model, known) {
  const bars = make("div", { class: "memories" });
  const notes = make("div", { class: "dim small" });
  const words = make("div", { class: "warn small" });
  const list = make("div", { class: "models" });
  const foot = make("footer", { class: "dim small" });
  const element = make("div", { role: "region", "aria-label": "Janus models" }, make("h3", {}, "Models"), bars, list, notes, words, foot);
  let told = "";

  function draw() {
    const text = JSON.stringify(known.sections);
    if (text !== told) {
      told = text;
      const { header, models, notes: lines, troubles, memory } = known.sections;
      const rows = table("Models", header.map((name) => (name === "memory" || name === "tokens/s" ? `>${name}` : name)));
      rows.tell(models);
      list.replaceChildren(rows.element);
      bars.replaceChildren(...memory.map(memoryBar));
      notes.replaceChildren(...lines.map((text) => make("p", {}, text)));
      words.replaceChildren(...troubles.map(([name, why]) => make("p", {}, `▲ ${name}: ${why}`)));
    }
    tick();
  }

  function tick() {
    const silence = (performance.now() - known.heardAt) / 1000;
    const over = model.get("over");
    const stale = !over && silence > QUIET_SECONDS;
    const moment = new Date(known.at * 1000).toLocaleTimeString();
    say(foot, over ? `${over}, at ${moment}` : stale ? unheard(silence) : `as of ${moment}`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, tick };
}

/** One memory: its parts side by side, each named when pointed at, and a legend with the sum of each kind. */
function memoryBar({ name, total, parts }) {
  const track = make("div", { class: "bar", role: "img", "aria-label": `${name}, ${total}: ${parts.map(legendText).join(", ")}` });
  for (const [kind, whose, share, amount] of parts) {
    if (kind === "free") continue;
    track.append(make("i", { class: kind, style: `width:${share / 10}%`, title: `${whose ? `${whose}: ` : ""}${KINDS[kind]} ${amount}` }));
  }
  const legend = make("div", { class: "legend" });
  legend.append(...parts.map((part) => make("span", {}, make("b", { class: `swatch ${part[0]}` }), legendText(part))));
  return make("section", {}, make("div", { class: "top" }, make("h4", {}, name), make("span", { class: "dim" }, total)), track, legend);
}

function legendText([kind, whose, , amount]) {
  return `${whose ? `${whose} ` : ""}${KINDS[kind]} ${amount}`;
}
