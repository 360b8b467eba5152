// A second button on each code block: the block with all that it needs to run.
// Programs come by a script, not by fetch(): that loads from file:// too, and
// once per module, when the button is first touched.
const WORDS = {
  zh: ["复制可运行代码", "复制完整程序", "已复制", "没能复制"],
  en: ["Copy runnable", "Copy the program", "Copied", "Could not copy"],
}
const [BLOCK, WHOLE, DONE, FAILED] = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en

const loading = {}

function programs(url) {
  return (loading[url] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(window.programs[script.src])
    script.onerror = () => {
      delete loading[url] // the next touch tries again
      reject(new Error(url))
    }
    document.head.append(script)
  }))
}

async function copy(text) {
  if (navigator.clipboard && window.ClipboardItem) {
    // a promise inside ClipboardItem keeps Safari's user gesture alive
    const blob = text.then((t) => new Blob([t], { type: "text/plain" }))
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })])
    return
  }
  // plain http inside a company: no clipboard object, but the old command
  const area = document.createElement("textarea")
  area.value = await text
  area.style.position = "fixed"
  area.style.opacity = "0"
  document.body.append(area)
  area.select()
  const copied = document.execCommand("copy")
  area.remove()
  if (!copied) throw new Error("execCommand")
}

function addButton(place) {
  const { program, section } = place.dataset
  const url = new URL(program.replace(/py$/, "js"), location.href).href
  const text = () => programs(url).then((all) => all[section])
  const label = section ? BLOCK : WHOLE
  const button = document.createElement("button")
  button.type = "button"
  button.className = "runnable"
  button.textContent = label
  button.onpointerenter = button.onfocus = () => text().catch(() => {})
  button.onclick = async () => {
    try {
      await copy(text())
      button.textContent = DONE
    } catch {
      button.textContent = FAILED
    }
    setTimeout(() => (button.textContent = label), 2000)
  }
  place.prepend(button)
}

for (const place of document.querySelectorAll("[data-program]")) addButton(place)
