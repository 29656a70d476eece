// A sheet to sign on with finger or mouse; the strokes go into the form as a PNG. Without this
// script a photo of the signature can be chosen.
(() => {
  "use strict";
  for (const pad of document.querySelectorAll("[data-pad]")) {
    const canvas = pad.querySelector("canvas"), input = pad.querySelector("input[type=file]");
    const ink = canvas.getContext("2d");
    let last = null, drawn = false;
    const blank = () => { ink.fillStyle = "#fff"; ink.fillRect(0, 0, canvas.width, canvas.height); drawn = false; input.value = ""; };
    const at = (e) => { const r = canvas.getBoundingClientRect(); return [(e.clientX - r.left) * canvas.width / r.width, (e.clientY - r.top) * canvas.height / r.height]; };
    const keep = () => canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "signature.png", { type: "image/png" }));
      input.files = files.files;
      pad.dispatchEvent(new CustomEvent("signed", { bubbles: true, detail: blob }));
    }, "image/png");
    canvas.hidden = pad.querySelector(".pad-tools").hidden = false;
    input.classList.add("visually-hidden");
    blank();
    ink.lineWidth = 5; ink.lineCap = ink.lineJoin = "round"; ink.strokeStyle = "#111";
    canvas.addEventListener("pointerdown", (e) => { e.preventDefault(); canvas.setPointerCapture(e.pointerId); last = at(e); });
    canvas.addEventListener("pointermove", (e) => {
      if (!last) return;
      for (const part of e.getCoalescedEvents?.() ?? [e]) {
        const next = at(part);
        ink.beginPath(); ink.moveTo(...last); ink.lineTo(...next); ink.stroke();
        last = next; drawn = true;
      }
    });
    const lift = () => { if (last && drawn) keep(); last = null; };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    pad.querySelector("[data-clear]").addEventListener("click", blank);
  }
})();
