// One uploader for every form that carries files. What was chosen stands below the input, where pictures
// can be looked at large and everything can be left out again; the form is sent with a bar that moves, and
// comes back with its errors as without this script. A form with data-send-at-once goes as soon as a file is
// chosen; a place for one picture with data-slot sends that picture alone. Links around pictures that are
// already there open them large. Without this script all forms are sent and links are followed as they are.
(() => {
  "use strict";
  const MEGABYTE = 1024 * 1024;
  const in_words = (size) => size < MEGABYTE ? `${Math.ceil(size / 1024)}KB` : `${Math.ceil((10 * size) / MEGABYTE) / 10}MB`;
  const made = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    return box.content.firstElementChild;
  };

  // Pictures, large.
  const dialog = made('<dialog class="enlarged" aria-label="放大的图片"><img alt=""><button type="button" ' +
    'class="btn btn-light" autofocus>关闭</button></dialog>');
  const enlarge = (address, words) => {
    const large = dialog.querySelector("img");
    large.src = address;
    large.alt = words;
    dialog.showModal();
  };
  if (dialog.showModal) {
    document.body.append(dialog);
    dialog.addEventListener("click", () => dialog.close());
    document.addEventListener("click", (event) => {
      const link = event.target.closest(".evidence-grid a, .thumbs a"), picture = link?.querySelector("img");
      if (!picture || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      enlarge(picture.currentSrc || picture.src, picture.alt);
    });
  }

  // What was chosen.
  const is_own = (input) => !input.closest("[data-slot], [data-pad], [data-send-at-once]");
  const show_chosen = (input) => {
    const list = input.nextElementSibling?.matches(".chosen") ? input.nextElementSibling : made('<ul class="chosen"></ul>');
    const leave_out = (file) => {
      const left = new DataTransfer();
      for (const other of input.files) if (other !== file) left.items.add(other);
      input.files = left.files;
      show_chosen(input);
      input.focus();
    };
    list.querySelectorAll("img").forEach((img) => URL.revokeObjectURL(img.src));
    list.replaceChildren(...[...input.files].map((file) => {
      const line = made('<li><button type="button" class="chosen-picture"><img alt=""></button><span><b></b> ' +
        '<small class="soft"></small></span><button type="button" class="btn btn-link btn-sm">移除</button></li>');
      const [look, remove] = line.querySelectorAll("button"), picture = line.querySelector("img");
      line.querySelector("b").textContent = file.name;
      line.querySelector("small").textContent = in_words(file.size);
      look.setAttribute("aria-label", `放大 ${file.name}`);
      look.addEventListener("click", () => enlarge(picture.src, file.name));
      // Workbooks, and some phones' pictures, cannot be shown here; the server reads them.
      picture.addEventListener("error", () => { look.hidden = true; });
      if (file.type.startsWith("image/")) picture.src = URL.createObjectURL(file); else look.hidden = true;
      remove.setAttribute("aria-label", `移除 ${file.name}`);
      remove.addEventListener("click", () => leave_out(file));
      return line;
    }));
    input.after(list);
  };
  document.addEventListener("change", ({ target: input }) => {
    if (!input.matches("input[type=file]") || !input.form) return;
    if (is_own(input)) show_chosen(input);
    const at_once = input.closest("[data-send-at-once]");
    if (at_once && input.files.length) at_once.querySelector("[data-send]").click();
    const slot = input.closest("[data-slot]");
    if (slot && input.files.length) send_alone(slot, input);
  });
  document.querySelectorAll("[data-send-at-once] [data-send]").forEach((button) => { button.classList.add("visually-hidden"); });

  // The bar, and what is said beside it.
  const state_at = (place) => {
    const old = place.querySelector(".upload-state");
    if (old) return old;
    const state = made('<div class="upload-state"><div class="progress-track"><progress max="100" value="0" ' +
      'aria-label="上传进度"></progress></div><p class="small mb-0"><span role="status"></span> <span class="num"></span></p>' +
      '<button type="button" class="btn btn-link btn-sm">取消上传</button></div>');
    return state;
  };
  const send = (state, address, data, { done, failed }) => {
    const request = new XMLHttpRequest();
    const [said, part] = state.querySelectorAll("p span"), stop = state.querySelector("button");
    const bar = state.querySelector("progress");
    const show = (words, is_wrong) => {
      said.textContent = words;
      said.className = is_wrong ? "error" : "";
      part.textContent = "";
      state.querySelector(".progress-track").hidden = stop.hidden = Boolean(is_wrong) || !words;
    };
    const refuse = (words) => { show(words, true); failed?.(); };
    state.hidden = false;
    bar.value = 0;
    show("正在上传");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.floor((100 * event.loaded) / event.total);
      bar.value = percent;
      part.textContent = `${percent}%（${in_words(event.loaded)} / ${in_words(event.total)}）`;
      if (percent === 100) { said.textContent = "已传完，正在检查和压缩…"; stop.hidden = true; }
    });
    request.addEventListener("load", () => done(request, { show, refuse }));
    request.addEventListener("error", () => refuse("网络中断，没有传完；填写的内容都在，请再试一次。"));
    request.addEventListener("abort", () => refuse("已取消上传，填写的内容都在。"));
    stop.onclick = () => request.abort();
    request.open("POST", address);
    request.setRequestHeader("X-Sent-By", "script");
    request.send(data);
  };

  // A whole form. The server names the page to go on to in a header: a script that followed the redirect
  // would use up that page's messages.
  const go_to = (address) => {
    const to = new URL(address, location.href), is_here = to.href.split("#")[0] === location.href.split("#")[0];
    if (!is_here) { location.assign(to.href); return; }
    history.replaceState(null, "", to.href);
    location.reload();
  };
  const words_of = (page) => page.querySelector("h1")?.parentElement.querySelector("p")?.textContent.trim();
  addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (event.defaultPrevented || form.enctype !== "multipart/form-data" || button?.hasAttribute("formaction")) return;
    if (![...form.elements].some((one) => one.type === "file" && one.files.length && !one.closest("[data-pad], [data-slot]"))) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "1";
    const data = new FormData(form), state = state_at(form);
    if (button?.name) data.append(button.name, button.value);
    if (button && !button.matches(".visually-hidden")) button.before(state); else form.append(state);
    const failed = () => { delete form.dataset.sending; delete form.dataset.sent; };
    send(state, form.getAttribute("action") || location.href, data, {
      failed,
      done: (request, { refuse }) => {
        const next = request.getResponseHeader("X-Go-To");
        if (next) { go_to(next); return; }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        if (request.status === 413 || request.status >= 500) { refuse(words_of(page) || "没有上传成功，请再试一次。"); return; }
        document.open();
        document.write(request.responseText);
        document.close();
      },
    });
  });

  // One picture of a form that keeps the others.
  const send_alone = (slot, input) => {
    const [file] = input.files, data = new FormData(), state = state_at(slot);
    data.append("csrfmiddlewaretoken", input.form.querySelector("[name=csrfmiddlewaretoken]").value);
    data.append("image", file);
    slot.append(state);
    input.value = "";
    send(state, slot.dataset.slot, data, {
      done: (request, { show, refuse }) => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* a page of the server or of a proxy */ }
        if (request.status !== 200) { refuse(answer.error || "没有上传成功，请再试。"); return; }
        let picture = slot.querySelector("img");
        if (!picture) { picture = document.createElement("img"); slot.prepend(picture); }
        picture.alt = slot.dataset.title;
        picture.src = URL.createObjectURL(file);
        slot.dataset.filled = "";
        show("");
        state.querySelector("[role=status]").textContent = `已上传，压缩为${in_words(answer.size)}`;
      },
    });
  };
})();
