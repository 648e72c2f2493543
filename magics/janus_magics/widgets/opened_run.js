// What stands under a run that is looked at closely: its last steps, and its shares.

function openedRun(told) {
  const facts = make("p", { class: "dim small" }, told.facts);
  const steps = table("Finished steps", ["finished step", "at", "what it did"]);
  steps.tell(told.steps.map(([key, at, effect]) => [make("code", {}, key), at, effect || make("span", { class: "dim" }, "–")]));
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

function sharesOf(told) {
  const shares = table("Shares", ["share", "state", "how far"]);
  shares.tell(
    told.shares.map((share) => [make("code", {}, share.id), make("span", { class: `chip ${share.tone}` }, share.phase), share.detail]),
  );
  const head = `shared among workers: ${told.shares_over} of ${told.share_count} shares are over`;
  return make("div", { class: "shares" }, make("p", { class: "small" }, head), shares.element);
}
