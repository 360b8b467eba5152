// The language switch stays at the heading that the reader is looking at.
const headings = () => [...document.querySelectorAll(".md-content :is(h1, h2, h3)[id]")]

function here() {
  const line = innerHeight / 3
  const passed = headings().filter((h) => h.getBoundingClientRect().top < line)
  const current = passed.at(-1)
  return current && current.tagName !== "H1" ? `#${current.id}` : ""
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.md-select__link")
  if (link) link.hash = here()
}, { capture: true })
