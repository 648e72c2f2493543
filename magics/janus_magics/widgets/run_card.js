// One run of the queue: its state, what it is about, how far it is, and what may be done to it.

const ACTS = {
  pause: ["Pause", "rest after the step it is at"],
  resume: ["Resume", "go on with the next step"],
  cancel: ["Cancel", "stop; what is finished is kept"],
  retry: ["Retry", "go on from the last finished step"],
};
const PATIENCE_MS = 1500;

/** A button that acts once: it is disabled until `done` is called, and says so if that takes long. */
function actButton(name, label, title, press) {
  const button = make("button", { type: "button", class: `act ${name}`, title }, label);
  let timer = 0;
  button.addEventListener("click", () => {
    button.disabled = true;
    timer = setTimeout(() => {
      say(button, `${label} …`);
      mark(button, "title", "the kernel is busy: this waits for the cell that runs");
    }, PATIENCE_MS);
    press(name);
  });
  const done = () => {
    clearTimeout(timer);
    button.disabled = false;
    say(button, label);
    mark(button, "title", title);
  };
  return { button, done };
}

/** A run's card; `act(name)` and `toggle()` tell what a person does to it. */
function runCard(act, toggle) {
  const state = make("span", { class: "chip" });
  const what = make("span", { class: "what" });
  const arrow = make("span", { class: "arrow", "aria-hidden": "true" }, "▸");
  const title = make("button", { type: "button", class: "title", "aria-expanded": "false" }, arrow, what);
  const origin = make("div", { class: "dim small origin" });
  const bar = make("i");
  const track = make("div", { class: "track", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  const detail = make("div", { class: "small detail" });
  const remedy = make("div", { class: "dim small detail" });
  const since = make("time", { class: "dim small since" });
  const buttons = make("div", { class: "acts" });
  const inside = make("div", { class: "inside" });
  const far = make("div", { class: "far" }, track, detail, remedy);
  const row = make("div", { class: "row" }, state, make("div", { class: "about" }, title, origin), far, since, buttons);
  const element = make("li", {}, row, inside);
  const offered = new Map();
  title.addEventListener("click", toggle);

  function offer(names) {
    for (const [name, each] of offered) {
      if (names.includes(name)) continue;
      each.button.remove();
      offered.delete(name);
    }
    names.forEach((name, place) => {
      if (!offered.has(name)) offered.set(name, actButton(name, ...ACTS[name], act));
      const { button } = offered.get(name);
      if (buttons.children[place] !== button) buttons.insertBefore(button, buttons.children[place] || null);
    });
  }

  function tell(run) {
    say(state, run.phase);
    state.className = `chip ${run.tone}`;
    say(what, run.what);
    mark(title, "title", run.what);
    const parts = [run.kind, run.class, run.id, run.cell].filter(Boolean);
    if (origin.textContent !== parts.join("")) origin.replaceChildren(...parts.map((part) => make("span", {}, part)));
    show(track, run.share != null);
    const percents = Math.round((run.share || 0) * 100);
    bar.style.width = `${percents}%`;
    mark(track, "aria-valuenow", percents);
    mark(track, "aria-label", `${run.what}: ${run.detail}`);
    say(detail, run.detail);
    detail.className = `small detail ${run.tone === "bad" ? "bad" : ""}`;
    say(remedy, run.remedy);
    show(remedy, run.remedy !== "");
    element.classList.toggle("brief", run.detail === "" && run.share == null);
    if (run.lasted) {
      since.removeAttribute("data-since");
      say(since, `took ${run.lasted}`);
    } else mark(since, "data-since", run.since);
    offer(run.acts);
    for (const each of offered.values()) mark(each.button, "aria-label", `${each.button.textContent} ${run.kind} ${run.id}`);
  }

  function open(opened) {
    mark(title, "aria-expanded", opened);
    element.classList.toggle("opened", opened);
    if (!opened) inside.replaceChildren();
  }

  const acted = (name) => offered.get(name) && offered.get(name).done();
  return { element, inside, tell, open, acted };
}
