// The review workspace: zoom and rotate evidence, act by keyboard.
(() => {
  "use strict";
  const root = document.querySelector("[data-review]");
  if (!root) return;
  const stage = root.querySelector("[data-stage] img");
  let zoom = 1, turn = 0;
  const paint = () => { if (stage) stage.style.transform = `rotate(${turn}deg) scale(${zoom})`; };
  const acts = {
    in: () => { zoom = Math.min(zoom * 1.25, 6); },
    out: () => { zoom = Math.max(zoom / 1.25, 0.3); },
    right: () => { turn += 90; },
    reset: () => { zoom = 1; turn = 0; },
  };
  root.addEventListener("click", (e) => {
    const button = e.target.closest("[data-view]");
    if (button) { acts[button.dataset.view]?.(); paint(); }
    const thumb = e.target.closest("[data-show]");
    if (thumb && stage) {
      e.preventDefault();
      stage.src = thumb.href;
      root.querySelectorAll("[data-show]").forEach((t) => t.removeAttribute("aria-current"));
      thumb.setAttribute("aria-current", "true");
      acts.reset(); paint();
    }
  });
  // A approves; X opens the reasons, 1 to 7 choose them, Ctrl+Enter sends, Escape folds them.
  const reject = root.querySelector("[data-reject]");
  const open_reasons = () => { if (reject) { reject.open = true; reject.scrollIntoView({ block: "nearest" }); } return reject; };
  const show_picture = (step) => {
    const all = [...root.querySelectorAll("[data-show]")];
    const here = all.findIndex((t) => t.hasAttribute("aria-current"));
    all[here + step]?.click();
  };
  document.addEventListener("keydown", (e) => {
    const press = (s) => { const el = root.querySelector(s); if (el) { e.preventDefault(); el.click(); } };
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && reject?.open) { press("[data-key=reject]"); return; }
    if (e.key === "Escape" && reject?.open) { reject.open = false; document.activeElement?.blur(); return; }
    if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
    const turn_to = (key) => document.querySelector(`[data-key=${key}]`)?.click();
    const keys = {
      a: () => press("[data-key=approve]"),
      x: () => { if (open_reasons()) { e.preventDefault(); root.querySelector("textarea[name=reason]").focus(); } },
      ArrowRight: () => turn_to("next"), ArrowLeft: () => turn_to("previous"),
      "[": () => show_picture(-1), "]": () => show_picture(1),
      "+": () => press("[data-view=in]"), "=": () => press("[data-view=in]"), "-": () => press("[data-view=out]"),
      o: () => press("[data-view=right]"), 0: () => press("[data-view=reset]"),
    };
    (keys[e.key] ?? keys[e.key.toLowerCase()])?.();
    const n = Number(e.key);
    if (n >= 1 && n <= 9 && open_reasons()) { e.preventDefault(); root.querySelectorAll("[data-reason]")[n - 1]?.click(); }
  });
})();
