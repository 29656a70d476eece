// The platform's own rules for a page, beside those of axe. Gives a list of [rule, element].
() => {
  "use strict";
  const found = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const note = (rule, element) => found.push([rule, element.outerHTML.replace(/\s+/g, " ").slice(0, 240)]);
  const is_seen = (element) => element.checkVisibility({ visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 1;

  // Nothing is wider than the screen, and one box scrolls up and down: the page, or one inside it. Also
  // when every table is long.
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) note("the page is wider than the screen", document.body);
  const check_boxes = (rule) => {
    const boxes = all("body *").filter((box) => !box.matches("textarea, select") && is_seen(box) &&
      /auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1);
    if (boxes.length + (page.scrollHeight > innerHeight) > 1) boxes.forEach((box) => note(rule, box));
  };
  check_boxes("two boxes scroll");
  const added = all(".table-wrap tbody tr:last-child").flatMap((row) => Array.from({ length: 60 }, () => {
    const copy = row.cloneNode(true);
    row.after(copy);
    return copy;
  }));
  check_boxes("two boxes scroll when tables are long");
  added.forEach((row) => row.remove());

  // A label has a star exactly when what it names is required.
  const is_required = (control) => control.required || control.getAttribute("aria-required") === "true";
  for (const label of all("label[for]")) {
    const control = document.getElementById(label.htmlFor);
    if (control && label.matches(".field > label") && label.matches(".required") !== is_required(control))
      note("star and required differ", label);
  }

  // An error is tied to its control, and the summary at the top leads to it.
  for (const field of all(".field.has-error")) {
    const controls = all("input:not([type=hidden]), select, textarea, fieldset", field);
    const tied = controls.some((control) => (control.getAttribute("aria-describedby") || "").split(" ")
      .some((id) => document.getElementById(id)?.querySelector(".error")));
    if (!tied) note("the error is not tied to its field", field);
    if (!controls.some((control) => control.getAttribute("aria-invalid") === "true"))
      note("the field is not marked as invalid", field);
  }
  if (document.querySelector("form .field.has-error, form ~ .field.has-error")) {
    const summary = document.querySelector("[data-error-summary]");
    if (!summary) note("no summary of the errors", document.querySelector(".field.has-error"));
    else if (summary.tabIndex !== -1 || document.activeElement !== summary) note("the summary has no focus", summary);
  }
  for (const link of all("[data-error-summary] a")) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) note("the link leads nowhere", link);
  }

  // Enter presses the first button of a form: it is the one that stands out, if one does.
  for (const form of all("form")) {
    const typed = [...form.elements].some((one) => is_seen(one) &&
      one.matches("input:not([type=checkbox]):not([type=radio]):not([type=file]):not([type=hidden])"));
    const buttons = [...form.elements].filter((one) => one.matches("button:not([type=button]), input[type=submit]"));
    const wanted = buttons.filter((one) => one.matches(".btn-primary"));
    const first = buttons[0];
    if (!typed || buttons.length < 2) continue;
    const says = (one) => `${one.name} ${one.value} ${one.formAction}`;
    if (wanted.length ? !wanted.some((one) => says(one) === says(first)) : first.matches("[class*=danger], [data-confirm]"))
      note("Enter presses another button", first);
  }

  // Why fields cannot be edited is said once a card.
  for (const card of all(".card-flat, .sheet")) {
    const reasons = all(".grey-value ~ .hint", card).map((hint) => hint.textContent.trim());
    if (new Set(reasons).size < reasons.length) note("the same lock notice more than once", card);
  }

  // Borders of what can be filled in: 3:1 against what is around them.
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const { backgroundColor: colour, backgroundImage: image } = getComputedStyle(at);
      const [first] = image.match(/rgb\([^)]*\)/) || [];
      if (first) return first;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const control of all(".form-control, .form-select, .form-check-input")) {
    if (!is_seen(control) || control.disabled) continue;
    const style = getComputedStyle(control);
    const edge = control.checked ? style.backgroundColor : style.borderTopColor;
    if (contrast(edge, behind(control)) < 3) note(`border ${edge} on ${behind(control)}`, control);
  }

  // The ring around what the keyboard is at: the first of each kind on the page.
  const before = document.activeElement;
  for (const kind of ["main a", "header a", "button.btn", ".form-control", ".form-select", ".form-check-input", "summary"]) {
    const control = all(kind).find((one) => is_seen(one) && !one.disabled);
    if (!control) continue;
    control.focus({ preventScroll: true });
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(control);
    const is_thick = outlineStyle === "solid" && parseFloat(outlineWidth) >= 2;
    if (!is_thick || contrast(outlineColor, behind(control)) < 3)
      note(`focus ring ${outlineStyle} ${outlineWidth} ${outlineColor} on ${behind(control)}`, control);
  }
  if (before !== document.body) before.focus({ preventScroll: true });
  return found;
}
