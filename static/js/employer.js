// The employer's pages: a question before what can't be taken back; a second click does nothing.
(() => {
  "use strict";
  document.addEventListener("submit", (e) => {
    const question = e.submitter?.dataset.confirm;
    if (question && !window.confirm(question)) { e.preventDefault(); return; }
    if (e.target.method !== "post" || "again" in e.target.dataset) return;
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
    setTimeout(() => { delete e.target.dataset.sent; }, 4000);
  });
  // Grounds that need proof show what belongs to them.
  const form = document.querySelector("[data-grounds]");
  if (!form) return;
  const proof = form.querySelector("[data-proof]");
  const show = () => { proof.hidden = form.querySelector("[name=ground]:checked")?.value === "mutual"; };
  form.addEventListener("change", show);
  show();
})();
