// The scope page: tick all classes of a department at once, and count what is ticked.
(() => {
  "use strict";
  for (const group of document.querySelectorAll("[data-scope] .pick-group")) {
    const boxes = [...group.querySelectorAll('input[name="classes"]')];
    const count = group.querySelector("[data-chosen]");
    const button = group.querySelector("[data-pick-group]");
    const show = () => { count.textContent = boxes.filter((b) => b.checked).length; };
    boxes.forEach((b) => b.addEventListener("change", show));
    if (!button) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const on = boxes.some((b) => !b.checked);
      boxes.forEach((b) => { b.checked = on; });
      show();
    });
  }
})();
