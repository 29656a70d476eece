// The reading time as it runs; the server keeps the real one.
(() => {
  "use strict";
  const line = document.querySelector("[data-countdown]"), button = document.querySelector("[data-wait]");
  if (line) {
    let left = Number(line.dataset.countdown);
    button.disabled = true;
    const tick = setInterval(() => {
      left -= 1;
      line.querySelector("b").textContent = Math.max(left, 0);
      if (left > 0) return;
      clearInterval(tick); line.hidden = true; button.disabled = false;
    }, 1000);
  }
  for (const once of document.querySelectorAll("[data-once]"))
    once.form.addEventListener("submit", () => setTimeout(() => { once.disabled = true; }));
})();
