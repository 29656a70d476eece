// Says beside a file input, before anything is sent, that what was chosen is larger than the server
// takes. The server writes its limit, in bytes, as data-files-limit: on the input if a script sends the
// file by itself, on a form that goes to another address, and otherwise on the page.
(() => {
  "use strict";
  const MEGABYTE = 1024 * 1024;

  const sentWith = (input) =>
    input.dataset.filesLimit ? [input] : [...input.form.querySelectorAll("input[type=file]:not([data-files-limit])")];

  // Before all other scripts, of which some send a file as soon as it is chosen.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("input[type=file]") || !input.form) return;
    const limit = Number(input.closest("[data-files-limit]")?.dataset.filesLimit);
    const files = sentWith(input).flatMap((one) => [...one.files]);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const field = input.closest(".field") || input.parentElement;
    field.querySelector("[data-too-large]")?.remove();
    input.removeAttribute("aria-invalid");
    if (!limit || size <= limit) return;
    event.stopImmediatePropagation();
    input.value = "";
    input.setAttribute("aria-invalid", "true");
    const line = document.createElement("div");
    line.className = "error";
    line.dataset.tooLarge = "";
    line.setAttribute("role", "alert");
    const shown = Math.ceil((10 * size) / MEGABYTE) / 10;
    line.textContent = `${files.length > 1 ? "所选文件共" : "所选文件有"}${shown}MB，超过上限${Math.floor(limit / MEGABYTE)}MB，` +
      "没有选上，其他内容都还在。请换小一些的文件，或压缩后再选。";
    field.append(line);
  }, true);
})();

// The page that says that too much was sent leads back to the form, which the browser still has.
(() => {
  "use strict";
  const back = document.querySelector("[data-back]");
  if (!back || history.length < 2) return;
  back.hidden = false;
  back.addEventListener("click", () => history.back());
})();

// After a form came back with errors, reading goes on at their summary. A field may have left the page
// meanwhile, with what could be done there.
(() => {
  "use strict";
  const summary = document.querySelector("[data-error-summary]");
  if (!summary) return;
  for (const link of summary.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) link.replaceWith(link.textContent);
  summary.focus();
})();
