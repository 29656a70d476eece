// A sheet to sign on with finger or mouse; the strokes go into the form as a PNG, or, with
// data-keep, to the server as soon as the pen is lifted: a wrong code does not ask for them again.
// Older browsers on phones can't put a file into a form; for them the strokes go as text in a hidden
// field. So that they can read this script it uses nothing newer than 2018.
// Without this script a photo of the signature can be chosen.
(() => {
  "use strict";
  for (const pad of document.querySelectorAll("[data-pad]")) {
    const canvas = pad.querySelector("canvas"), input = pad.querySelector("input[type=file]");
    const ink = canvas.getContext("2d");
    const said = pad.querySelector("[data-said]");
    let last = null, drawn = false, strokes = 0, timer;
    const text = pad.querySelector("[data-drawn]");
    const empty = () => { input.value = ""; text.value = ""; };
    const blank = () => { ink.fillStyle = "#fff"; ink.fillRect(0, 0, canvas.width, canvas.height); drawn = false; empty(); };
    const removeKept = () => { const shown = pad.querySelector(".pad-kept"); if (shown) shown.remove(); };
    // The form names the kept drawing it means; one that is drawn over or wiped away is not meant.
    const kept = pad.querySelector("[name=kept]");
    const anew = () => { strokes += 1; clearTimeout(timer); if (kept) kept.value = ""; };
    const at = (e) => { const r = canvas.getBoundingClientRect(); return [(e.clientX - r.left) * canvas.width / r.width, (e.clientY - r.top) * canvas.height / r.height]; };
    const put = (blob) => {
      empty();
      try {
        const files = new DataTransfer();
        files.items.add(new File([blob], "signature.png", { type: "image/png" }));
        input.files = files.files;
      } catch (e) { input.value = ""; }
      if (!input.files.length) text.value = canvas.toDataURL("image/png");
    };
    const keep = () => canvas.toBlob((blob) => {
      put(blob);
      pad.dispatchEvent(new CustomEvent("signed", { bubbles: true, detail: blob }));
      if (pad.dataset.keep) { clearTimeout(timer); timer = setTimeout(send, 500, blob, strokes); }
    }, "image/png");
    const send = async (blob, at) => {
      const data = new FormData();
      data.append("csrfmiddlewaretoken", input.form.querySelector("[name=csrfmiddlewaretoken]").value);
      data.append("image", blob, "signature.png");
      let result, answer;
      try { answer = await fetch(pad.dataset.keep, { method: "POST", body: data }); result = await answer.json(); } catch (e) { return; }
      if (at !== strokes) return; // drawn on meanwhile: this is not what stands there now
      said.className = answer.ok ? "soft small" : "error";
      said.textContent = answer.ok ? "签名已保存。" : result.error;
      if (answer.ok) { kept.value = result.id; empty(); removeKept(); }
    };
    canvas.hidden = pad.querySelector(".pad-tools").hidden = false;
    input.classList.add("visually-hidden");
    blank();
    ink.lineWidth = 5; ink.lineCap = ink.lineJoin = "round"; ink.strokeStyle = "#111";
    canvas.addEventListener("pointerdown", (e) => { e.preventDefault(); canvas.setPointerCapture(e.pointerId); last = at(e); anew(); });
    canvas.addEventListener("pointermove", (e) => {
      if (!last) return;
      for (const part of e.getCoalescedEvents ? e.getCoalescedEvents() : [e]) {
        const next = at(part);
        ink.beginPath(); ink.moveTo(...last); ink.lineTo(...next); ink.stroke();
        last = next; drawn = true;
      }
    });
    const lift = () => { if (last && drawn) keep(); last = null; };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    pad.querySelector("[data-clear]").addEventListener("click", () => { anew(); blank(); said.textContent = ""; removeKept(); });
  }
})();
