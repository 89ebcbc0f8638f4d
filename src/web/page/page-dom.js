/** Control, format and bidirectional characters, with which a name can look like another one. */
const deceiving = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** What each row was made from. */
const rowKeys = new WeakMap()

/** Text that shows what it holds. Everything on this page may have been written by somebody hostile. */
export function visible(text) {
  return String(text).replace(deceiving, (char) => `\\u{${char.codePointAt(0).toString(16)}}`)
}

/** An element with children, where strings become text and never markup. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value !== undefined) made.setAttribute(key, value)
  }
  made.append(...children.filter((child) => child !== undefined))
  return made
}

export function setText(id, text) {
  const target = document.getElementById(id)
  if (target.textContent !== text) target.textContent = text
}

/**
 * Makes the children of a list those of `items`. A row whose item did not change stays the same node in its place, with
 * its focus and whether it is unfolded; rows that are new after the first time are marked for a moment.
 */
export function showRows(id, items, makeRow) {
  const list = document.getElementById(id)
  const known = new Map([...list.children].map((row) => [rowKeys.get(row), row]))
  items.forEach((item, index) => {
    const key = JSON.stringify(item)
    const row = known.get(key) ?? makeRow(item)
    known.delete(key)
    if (!rowKeys.has(row)) {
      rowKeys.set(row, key)
      if (list.dataset.shown === 'yes') row.classList.add('fresh')
    }
    const here = list.children[index]
    if (here !== row) list.insertBefore(row, here ?? null)
  })
  while (list.children.length > items.length) list.lastElementChild.remove()
  list.dataset.shown = 'yes'
}

/** A table with its number of rows, or a sentence in its place. */
export function showTable(id, items, makeRow) {
  showRows(id, items, makeRow)
  setText(`${id}-count`, items.length === 0 ? '' : String(items.length))
  document.getElementById(id).closest('table').hidden = items.length === 0
  document.getElementById(`${id}-empty`).hidden = items.length > 0
}

/**
 * Narrow screens show tables as blocks, and a table that is no table for the layout is none for a screen reader either,
 * unless it says so itself. Rows and cells that are made here always do.
 */
export function keepTableRoles() {
  const roles = { table: 'table', 'thead, tbody': 'rowgroup', 'thead tr': 'row', th: 'columnheader' }
  for (const [selector, role] of Object.entries(roles)) {
    for (const part of document.querySelectorAll(selector)) part.setAttribute('role', role)
  }
}

export function row(...cells) {
  return element('tr', { role: 'row' }, ...cells)
}

/** `label` stands before the cell where the screen is too narrow for columns. */
export function cell(label, ...children) {
  return element('td', { role: 'cell', 'data-label': label }, ...children)
}

/** A file's name first, its directory smaller. */
export function pathText(path) {
  const shown = visible(path)
  const cut = shown.lastIndexOf('/') + 1
  return element(
    'span',
    { class: 'path', title: shown },
    element('span', { class: 'path-name' }, shown.slice(cut)),
    element('span', { class: 'path-directory' }, ...breakable(shown.slice(0, cut))),
  )
}

/** Lines break after slashes first. */
function breakable(directory) {
  return directory.split(/(?<=\/)/).flatMap((part) => [part, element('wbr')])
}

/** A word with a colour; the word alone says all. */
export function pill(tone, text) {
  return element('span', { class: 'pill', 'data-tone': tone }, visible(text))
}

/** The time of day, and the date when it is not today's. */
export function timeText(isoTime) {
  const time = new Date(isoTime)
  if (Number.isNaN(time.getTime())) return visible(isoTime)
  const today = new Date().toDateString() === time.toDateString()
  // The Swedish form is that of logs everywhere: 2026-11-21 08:12:04.
  const shown = today ? time.toLocaleTimeString('sv-SE') : time.toLocaleString('sv-SE')
  return element('time', { datetime: time.toISOString(), title: time.toISOString() }, shown)
}

/** `main` and the first ten digits of the commit; all of it on demand. */
export function revisionText(revision) {
  if (revision === '') return element('span', { class: 'quiet' }, 'none yet')
  const shown = visible(revision)
  const [, name, commit] = /^(.*)@sha1:([0-9a-f]{40})$/.exec(shown) ?? []
  if (commit === undefined) return element('code', {}, shown)
  return element('code', { title: shown }, `${name} `, element('span', { class: 'commit' }, commit.slice(0, 10)))
}
