// What stands under a run that is looked at closely: its last steps, and its shares.

function openedRun(told) {
  const facts = make("p", { class: "dim small" }, told.facts);
  const steps = table("Finished steps", ["step", "finished", "what it did"]);
  steps.tell(told.steps.map((step, place) => stepCells(told.count - place, step)));
  const more = told.count > told.steps.length ? `the last ${told.steps.length} of ${told.count} finished steps` : "";
  const none = told.count ? "" : make("p", { class: "dim small" }, "No step is finished yet.");
  return make(
    "div",
    {},
    facts,
    told.share_count ? sharesOf(told) : "",
    none,
    told.count ? steps.element : "",
    make("p", { class: "dim small" }, more),
  );
}

function stepCells(number, [key, at, effect]) {
  const time = new Date(at * 1000).toLocaleTimeString();
  return [make("span", { title: key }, `${number}`), time, effect || make("span", { class: "dim" }, "–")];
}

function sharesOf(told) {
  const shares = table("Shares", ["share", "state", "how far"]);
  shares.tell(
    told.shares.map((share) => [make("code", {}, share.id), make("span", { class: `chip ${share.tone}` }, share.phase), share.detail]),
  );
  const head = `shared among workers: ${told.shares_over} of ${told.share_count} shares are over`;
  return make("div", { class: "shares" }, make("p", { class: "small" }, head), shares.element);
}
