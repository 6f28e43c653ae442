// Menus open and close by themselves (details). This lets them close by Escape, by a click elsewhere,
// and when the focus leaves them.

const menus = [...document.querySelectorAll("[data-menu]")];

function close(menu) {
  menu.open = false;
}

for (const menu of menus) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close(menu);
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu);
  });
}
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) close(menu);
});
