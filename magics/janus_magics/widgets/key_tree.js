// Keys in groups by what they are. A group draws its keys only while it is open; a key that is alone needs no group.

const OPEN_UP_TO = 8;
const UNKNOWN = "not known here";

function keyTree(choose) {
  const element = make("div", { class: "tree" });
  const branches = new Map();

  function branch(family) {
    if (!branches.has(family)) {
      const number = make("span", { class: "dim num" });
      const list = make("ul", { "aria-label": family });
      const details = make("details", {}, make("summary", {}, make("span", {}, family), number), list);
      const lone = button(family);
      const made = { element: make("div", {}, details, lone.button), details, number, list, lone, leaves: new Map(), names: [], touched: false };
      details.querySelector("summary").addEventListener("click", () => { made.touched = true; });
      details.addEventListener("toggle", () => fill(made));
      branches.set(family, made);
    }
    return branches.get(family);
  }

  /** A key's line; the kind stands before its name where no group says it. */
  function button(kind) {
    const title = make("span", { class: kind ? "name dim" : "name" });
    const life = make("time", { class: "dim" });
    const holds = make("span", { class: "dim num" });
    const label = kind ? make("span", { class: "kind" }, kind) : null;
    const made = make("button", { type: "button", class: kind ? "lone" : "" }, label, title, life, holds);
    made.addEventListener("click", () => choose(made.title));
    return { button: made, title, life, holds };
  }

  function fit({ button: line, title, life, holds }, name) {
    const row = known[name];
    line.title = name;
    say(title, row.short);
    say(holds, row.holds);
    if (row.ends == null) { life.removeAttribute("data-ends"); say(life, ""); } else mark(life, "data-ends", row.ends);
    mark(line, "aria-current", String(name === chosen));
  }

  function leaf(each, name) {
    if (!each.leaves.has(name)) {
      const line = button("");
      each.leaves.set(name, { ...line, item: make("li", {}, line.button) });
    }
    return each.leaves.get(name);
  }

  let known = {};
  let chosen = "";

  function fill(each) {
    const alone = each.names.length === 1;
    show(each.details, !alone);
    show(each.lone.button, alone);
    if (alone) fit(each.lone, each.names[0]);
    if (alone || !each.details.open) return;
    each.names.forEach((name, place) => {
      const line = leaf(each, name);
      if (each.list.children[place] !== line.item) each.list.insertBefore(line.item, each.list.children[place] || null);
      fit(line, name);
    });
    while (each.list.children.length > each.names.length) each.list.lastChild.remove();
    for (const name of [...each.leaves.keys()]) if (!each.names.includes(name)) each.leaves.delete(name);
  }

  /** All keys that are there; of these only those whose names hold these words are drawn. */
  function tell(rows, words, current) {
    known = rows;
    chosen = current;
    const groups = new Map();
    const sought = words.toLowerCase();
    for (const [name, row] of Object.entries(rows)) {
      const family = row.family || UNKNOWN;
      if (sought && !name.toLowerCase().includes(sought) && !family.includes(sought)) continue;
      if (!groups.has(family)) groups.set(family, []);
      groups.get(family).push(name);
    }
    const families = [...groups.keys()].sort((a, b) => (a === UNKNOWN) - (b === UNKNOWN) || a.localeCompare(b));
    families.forEach((family, place) => {
      const each = branch(family);
      each.names = groups.get(family).sort();
      say(each.number, String(each.names.length));
      if (!each.touched) each.details.open = each.names.length <= OPEN_UP_TO || Boolean(sought);
      if (element.children[place] !== each.element) element.insertBefore(each.element, element.children[place] || null);
      fill(each);
    });
    while (element.children.length > families.length) element.lastChild.remove();
  }

  return { element, tell };
}
