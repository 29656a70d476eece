// Evidence goes up as soon as it is chosen, with its progress; without this script the button does it.
(() => {
  "use strict";
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const bar = form.querySelector("[data-progress]"), text = form.querySelector("[data-progress-text]");
  form.querySelector("[data-send]").hidden = true;
  form.querySelector("input[type=file]").addEventListener("change", () => {
    const request = new XMLHttpRequest();
    bar.hidden = false;
    request.upload.addEventListener("progress", (e) => {
      if (!e.lengthComputable) return;
      const percent = Math.round((100 * e.loaded) / e.total);
      bar.querySelector("progress").value = percent;
      text.textContent = percent < 100 ? `上传中 ${percent}%` : "正在压缩";
    });
    request.addEventListener("load", () => {
      if (request.status === 200) { window.location.reload(); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      text.textContent = page.querySelector(".notice-error")?.textContent.trim() || "没有上传成功，请再试一次。";
      text.className = "error";
      form.querySelector("input[type=file]").value = "";
    });
    request.addEventListener("error", () => { text.textContent = "网络中断，请再试一次。"; });
    request.open("POST", window.location.href);
    request.send(new FormData(form));
  });
})();
