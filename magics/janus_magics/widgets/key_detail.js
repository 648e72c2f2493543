// One key: what it means, what the server holds, and, where it was asked for, a way to delete it.

function keyDetail(model, remove) {
  const name = make("code");
  const copy = make("button", { type: "button", class: "quiet" }, "copy");
  const held = make("span");
  const life = make("time");
  const about = make("p");
  const meaning = make("div");
  const raw = make("details", { class: "raw" }, make("summary", {}, "as the server holds it"), make("div", { class: "wide" }));
  const unseen = make("p", { class: "dim small" });
  const danger = make("div", { class: "danger" });
  const hint = make("p", { class: "dim hint" }, "Choose a key to see what it is.");
  const head = make("div", { class: "head" }, name, copy);
  const all = make("div", {}, head, make("p", { class: "dim small" }, held, life), about, meaning, raw, unseen, danger);
  const element = make("div", { class: "detail", "aria-live": "off" }, hint, all);
  let current = "";

  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(name.textContent);
    say(copy, "copied");
    setTimeout(() => say(copy, "copy"), 1500);
  });

  function ask(content) {
    const really = make("button", { type: "button", class: "bad" }, "Delete it");
    const keep = make("button", { type: "button" }, "Keep it");
    really.addEventListener("click", () => { offer(content); remove(content.name); });
    keep.addEventListener("click", () => offer(content));
    danger.replaceChildren(make("p", { class: "bad" }, `Lost with it: ${content.loss}.`), really, keep);
    keep.focus();
  }

  function offer(content) {
    const button = make("button", { type: "button" }, "Delete …");
    button.addEventListener("click", () => ask(content));
    danger.replaceChildren(button);
  }

  function members(content) {
    const parts = [];
    if (content.facts.length) {
      const rows = content.facts.map(([key, value]) => make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, value)));
      parts.push(make("table", { class: "facts", "aria-label": "What it means" }, make("tbody", {}, ...rows)));
    }
    if (content.members.length) {
      const told = table("Members", content.columns);
      told.tell(content.members);
      parts.push(make("div", { class: "wide" }, told.element));
    }
    return parts;
  }

  function tell(content, row) {
    const there = Boolean(content && content.name);
    show(hint, !there);
    show(all, there);
    if (!there) return;
    if (content.name !== current) raw.open = !content.facts.length && !content.members.length;
    say(name, content.name);
    say(held, content.held);
    if (row && row.ends != null) mark(life, "data-ends", row.ends);
    else life.removeAttribute("data-ends");
    if (!row || row.ends == null) say(life, content.gone ? "" : " · never expires");
    say(about, content.about);
    about.className = content.gone ? "warn" : "";
    meaning.replaceChildren(...members(content));
    const told = table("As the server holds it", ["member", "value"]);
    told.tell(content.raw);
    raw.lastChild.replaceChildren(told.element);
    show(raw, content.raw.length > 0);
    say(unseen, content.unseen);
    show(danger, model.get("writable") && !content.gone);
    if (model.get("writable") && content.name !== current) offer(content);
    current = content.name;
  }

  return { element, tell };
}
