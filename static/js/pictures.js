// Pictures on the graduate's pages. A link around a picture opens it large on the page instead of leaving
// it; pictures chosen for a form are shown below the input before they are sent, and each can be looked
// at and left out again. Without this script the links open the picture.
(() => {
  "use strict";
  const dialog = document.createElement("dialog");
  if (!dialog.showModal) return;
  dialog.className = "enlarged";
  dialog.innerHTML = '<img alt=""><button type="button" class="btn btn-light" autofocus>关闭</button>';
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  const enlarge = (picture) => {
    const large = dialog.querySelector("img");
    large.src = picture.currentSrc || picture.src;
    large.alt = picture.alt;
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".evidence-grid a, .evidence-grid [data-enlarge]");
    const picture = link?.querySelector("img");
    if (!picture || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    enlarge(picture);
  });

  document.querySelectorAll("form:not([data-upload]) input[type=file][multiple]").forEach((input) => {
    const shown = document.createElement("ul");
    shown.className = "evidence-grid mt-2";
    input.after(shown);
    let chosen = [];
    const show = () => {
      shown.querySelectorAll("img").forEach((img) => URL.revokeObjectURL(img.src));
      shown.replaceChildren(...chosen.map((file, index) => {
        const item = document.createElement("li");
        item.innerHTML = '<button type="button" class="picked" data-enlarge><img></button><small></small>' +
          '<button type="button" class="btn btn-light btn-sm">删除</button>';
        const [picture, name, remove] = [item.querySelector("img"), item.querySelector("small"), item.lastChild];
        picture.src = URL.createObjectURL(file);
        picture.alt = `选好的图片 ${index + 1}`;
        // Some phones' pictures cannot be shown here; the server converts them.
        picture.addEventListener("error", () => { picture.parentElement.hidden = true; });
        name.textContent = file.name;
        remove.setAttribute("aria-label", `删除图片 ${index + 1}`);
        remove.addEventListener("click", () => {
          chosen = chosen.filter((other) => other !== file);
          const left = new DataTransfer();
          chosen.forEach((other) => left.items.add(other));
          input.files = left.files;
          show();
          input.focus();
        });
        return item;
      }));
    };
    input.addEventListener("change", () => { chosen = [...input.files]; show(); });
  });
})();
