// The language switch stays at the heading that the reader is looking at.
const headings = () => [...document.querySelectorAll(".md-content :is(h1, h2, h3)[id]")]

// Until the reader moves, the place is the one that the address names.
let moved = false
for (const kind of ["wheel", "touchmove", "keydown"]) addEventListener(kind, () => (moved = true), { passive: true })

function here() {
  if (location.hash && !moved) return location.hash
  const line = innerHeight / 3
  const passed = headings().filter((h) => h.getBoundingClientRect().top < line)
  const current = passed.at(-1)
  return current && current.tagName !== "H1" ? `#${current.id}` : ""
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.md-select__link")
  if (link) link.hash = here()
}, { capture: true })

// What is wider than the page scrolls, by keyboard too.
function reachable() {
  for (const box of document.querySelectorAll(".md-content :is(div.arithmatex, .md-typeset__scrollwrap)")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
    else box.removeAttribute("tabindex")
  }
}

addEventListener("resize", reachable)
document.fonts.ready.then(reachable)
reachable()

// The theme wraps each copy button in a landmark of its own, without a name.
new MutationObserver(() => {
  reachable()
  for (const nav of document.querySelectorAll("nav.md-code__nav:not([role])")) nav.setAttribute("role", "none")
}).observe(document.querySelector(".md-content"), { childList: true, subtree: true })

// "Copied" is said as well as shown.
document.querySelector("[data-md-component=dialog]").setAttribute("role", "status")
