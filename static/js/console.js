// The console's small behaviours. Everything works without them, only slower.
(() => {
  "use strict";
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];

  // Sections of the menu that a person opens or closes stay so; the page's own is always open.
  const opened = JSON.parse(sessionStorage.getItem("menu") || "{}");
  for (const section of $$(".sidebar-section")) {
    const name = section.dataset.section;
    if (name in opened && !$("[aria-current]", section)) section.open = opened[name];
    // Not on "toggle": that comes for the section of this page as well, which the server opened.
    $("summary", section).addEventListener("click", () => {
      opened[name] = !section.open;
      sessionStorage.setItem("menu", JSON.stringify(opened));
    });
  }
  // A closed section shows how many wait in it.
  document.body.addEventListener("htmx:oobAfterSwap", () => {
    for (const sum of $$("[data-sum-of]")) {
      const parts = sum.dataset.sumOf.split(" ").filter(Boolean).map((id) => document.getElementById(id)?.textContent ?? "");
      const total = parts.reduce((n, text) => n + (parseInt(text, 10) || 0), 0);
      sum.textContent = total ? `${total}${parts.some((text) => text.endsWith("+")) ? "+" : ""}` : "";
    }
  });

  // On a phone the menu opens where one is.
  const menu = $("#menu"), line = $("#menu [aria-current]");
  const menuButton = $("[data-toggle-menu]");
  menuButton?.addEventListener("click", () => {
    menuButton.setAttribute("aria-expanded", menu.classList.toggle("open"));
    if (line) menu.scrollTop = line.offsetTop + 3 * line.offsetHeight - menu.clientHeight;
  });

  // A table wider than its place can be moved by keys, too.
  const watch = new ResizeObserver((changes) => changes.forEach(({ target }) => {
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    const named = { role: "group", "aria-label": "表格，可左右滚动", tabindex: "0" };
    for (const [key, value] of Object.entries(named)) if (scrolls) target.setAttribute(key, value); else target.removeAttribute(key);
  }));
  $$(".table-wrap").forEach((wrap) => watch.observe(wrap));

  // The choice of the year sends at once.
  $("[data-year-switch]")?.addEventListener("change", (e) => e.currentTarget.requestSubmit());

  // A filter's select sends at once; empty parameters stay out of the address.
  const filter = $("[data-filter]");
  filter?.addEventListener("change", (e) => { if (e.target.matches("select")) filter.requestSubmit(); });
  filter?.addEventListener("submit", () => {
    for (const el of filter.elements) if (el.name && !el.value) el.disabled = true;
  });

  // Another category shows its fields at once; what was typed goes with it.
  for (const select of $$("[data-switch]")) select.addEventListener("change", () => {
    const form = select.form;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "switch", value: "1" }));
    form.submit();
  });

  // Picking rows for a bulk action; shift extends.
  const bulk = $("[data-bulk]");
  if (bulk) {
    const bar = $("[data-bulk-bar]", bulk), all = $("[data-pick-all]", bulk);
    const picks = $$('input[name="pick"]', bulk), every = $("[data-pick-every]", bulk);
    let last = null;
    const show = () => {
      const n = every?.checked ? Number(every.dataset.pickEvery) : picks.filter((p) => p.checked).length;
      if (bar) bar.hidden = n === 0;
      $$("[data-bulk-count]", bulk).forEach((el) => { el.textContent = n; });
      if (all && !every?.checked) { all.checked = n === picks.length && n > 0; all.indeterminate = n > 0 && n < picks.length; }
    };
    picks.forEach((p, i) => p.addEventListener("click", (e) => {
      if (e.shiftKey && last !== null) {
        const [a, b] = [Math.min(i, last), Math.max(i, last)];
        picks.slice(a, b + 1).forEach((x) => { x.checked = p.checked; });
      }
      last = i; show();
    }));
    every?.addEventListener("change", () => {
      picks.forEach((p) => { p.checked = every.checked; p.disabled = every.checked; });
      if (all) { all.checked = every.checked; all.disabled = every.checked; }
      show();
    });
    all?.addEventListener("change", () => { picks.forEach((p) => { p.checked = all.checked; }); show(); });
    show();
  }

  // A button that undoes what was just done goes when it is too late.
  for (const form of $$("[data-lasts]")) setTimeout(() => form.remove(), 1000 * form.dataset.lasts);

  // J and K lead from a record to the next and back, U undoes the review of a moment ago.
  document.addEventListener("keydown", (e) => {
    if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
    const key = { j: "next", k: "previous", u: "undo" }[e.key.toLowerCase()];
    if (key) $(`[data-key=${key}]`)?.click();
  });

  // A menu closes on Escape and when something else is pressed.
  const menus = () => $$("details[data-menu][open]");
  document.addEventListener("click", (e) => menus().forEach((m) => { if (!m.contains(e.target)) m.open = false; }));
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") menus().forEach((m) => { m.open = false; $("summary", m).focus(); });
  });

  // The lines of the column chooser move by their buttons.
  const chooser = $("[data-columns]");
  if (chooser) $$("[data-move]", chooser).forEach((button) => { button.hidden = false; });
  chooser?.addEventListener("click", (e) => {
    const button = e.target.closest("[data-move]"), line = button?.closest("[data-line]");
    if (!line) return;
    const up = button.dataset.move === "up";
    const other = up ? line.previousElementSibling : line.nextElementSibling;
    if (other?.matches("[data-line]")) other[up ? "before" : "after"](line);
    button.focus();
  });

  document.addEventListener("submit", (e) => {
    const question = e.submitter?.dataset.confirm ?? e.target.dataset.confirm;
    if (question && !window.confirm(question)) { e.preventDefault(); return; }
    // A second click does nothing while the first is on its way. What opens in another tab is no first click.
    if (e.target.method === "post" && e.submitter?.formTarget !== "_blank") {
      if (e.target.dataset.sent && !e.target.dataset.again) { e.preventDefault(); return; }
      e.target.dataset.sent = "1";
      setTimeout(() => { delete e.target.dataset.sent; }, 4000);
    }
  });

  // What somebody else has stored meanwhile can be put in the place of what was typed.
  for (const button of $$("[data-use-stored]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = document.getElementById(button.dataset.for);
      input.value = button.dataset.useStored;
      input.focus();
      button.closest(".stored-now").remove();
    });
  }

  // Ready reasons fill the reason field.
  document.addEventListener("click", (e) => {
    const ready = e.target.closest("[data-reason]");
    if (!ready) return;
    const area = $("textarea[name=reason]");
    area.value = area.value ? `${area.value}；${ready.dataset.reason}` : ready.dataset.reason;
    area.focus();
  });
  document.addEventListener("click", (e) => { if (e.target.closest("[data-print]")) window.print(); });
})();
// A masked number is shown by a click, which the server logs.
document.addEventListener("click", async (e) => {
  const button = e.target.closest("[data-reveal], [data-fetch]");
  if (!button) return;
  const form = button.closest("[data-reveal-from]");
  const body = new URLSearchParams({ csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value });
  if (button.dataset.reveal) body.set("field", button.dataset.reveal);
  const answer = await fetch(button.dataset.fetch ?? form.dataset.revealFrom, { method: "POST", body });
  if (!answer.ok) return;
  const { value, note } = await answer.json();
  const shown = Object.assign(document.createElement("b"), { className: "mono", textContent: value });
  const masked = button.previousElementSibling;
  if (masked?.matches("input")) masked.value = value;
  else if (button.dataset.reveal) masked?.replaceWith(shown);
  else button.before(shown);
  if (note) button.before(` ${note}`);
  button.remove();
});
