// Presses both buttons of every block of code of ours, and says what each
// block shows and what then lies on the clipboard.
async () => {
  async function soon(look) {
    for (const start = performance.now(); performance.now() - start < 10_000; ) {
      const found = await look()
      if (found) return found
      await new Promise((go) => setTimeout(go, 5))
    }
    return ""
  }

  async function copied(button) {
    await navigator.clipboard.writeText("")
    button.click()
    return soon(() => navigator.clipboard.readText())
  }

  const answer = (button) => soon(() => button.textContent.match(/已复制|Copied/)?.[0])

  const blocks = []
  for (const name of document.querySelectorAll(".md-content .highlight > .filename")) {
    if (!/^(examples|kernels|snippets)\//.test(name.textContent)) continue
    const block = name.parentElement
    block.scrollIntoView() // the theme adds its button when a block is seen
    const plain = await soon(() => block.querySelector("[data-md-type=copy]"))
    const second = block.querySelectorAll(".runnable")
    blocks.push({
      shows: block.querySelector("code").textContent,
      copies: await copied(plain),
      programs: await Promise.all([...second].map(copied)),
      says: await Promise.all([...second].map(answer)),
    })
  }
  return blocks
}
