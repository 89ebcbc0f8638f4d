import {
  cell,
  element,
  pathText,
  pill,
  revisionText,
  row,
  setText,
  showRows,
  showTable,
  timeText,
  visible,
} from './page-dom.js'

const verdicts = {
  settled: { tone: 'good', word: 'Settled' },
  pending: { tone: 'wait', word: 'Pending' },
  blocked: { tone: 'wait', word: 'Blocked' },
  failed: { tone: 'bad', word: 'Failed' },
  unknown: { tone: 'none', word: 'Unknown' },
}
const fileTones = {
  Current: 'good',
  Pending: 'wait',
  Staged: 'wait',
  Removing: 'wait',
  Drifted: 'bad',
  Foreign: 'none',
}
const handlingTones = { Allow: 'none', Report: 'wait', Quarantine: 'bad', Adopt: 'good' }
const lostBy = { edited: 'Edited', deleted: 'Deleted', mode: 'Mode changed' }

let lastPassAtMs = null
let newest = null

/** The whole of a status, or null before the first pass. */
export function showStatus(status) {
  newest = status
  if (status === null) return
  const verdict = verdicts[status.verdict] ?? verdicts.unknown
  const ready = status.conditions.find((condition) => condition.type === 'Ready')
  document.getElementById('verdict').dataset.tone = status.suspended ? 'none' : verdict.tone
  document.title = `${verdict.word} · ${visible(status.cluster)} · Fairlead`
  setText('place', visible(status.cluster === status.node ? status.cluster : `${status.cluster} / ${status.node}`))
  setText('verdict-word', status.suspended ? `${verdict.word}, suspended` : verdict.word)
  setText('verdict-text', ready === undefined ? 'The Ready condition is not known yet.' : visible(ready.message))
  showFacts()
  showProblems(status.problems)
  showRows('conditions', status.conditions, conditionItem)
  showRows('components', status.components, componentItem)
  showTable('files', status.files, fileRow)
  showTable('drops', status.drops, dropRow)
}

export function showLastPass(atMs) {
  if (atMs === null) return
  lastPassAtMs = atMs
  showFacts()
}

export function showHistory(passes) {
  showTable('passes', passes, passRow)
}

export function showDrift(lostEdits) {
  showTable('drift', lostEdits, lostEditRow)
}

function showFacts() {
  if (newest === null) return
  const { revision, attemptedRevision, source, engine } = newest
  const facts = [
    ['Enforced revision', revision],
    ...(attemptedRevision === revision ? [] : [['Newest revision, not enforced', attemptedRevision]]),
    ['Repository', source],
    ['Manifests are applied by', engine === 'k3s' ? 'K3s' : 'Fairlead'],
    ...(lastPassAtMs === null ? [] : [['Last pass', lastPassAtMs]]),
  ]
  showRows('facts', facts, ([name, value]) => {
    const shown = name.includes('evision')
      ? revisionText(value)
      : typeof value === 'number'
        ? timeText(value)
        : visible(value)
    return element('div', {}, element('dt', {}, name), element('dd', {}, shown))
  })
}

function showProblems(problems) {
  document.getElementById('problems-section').hidden = problems.length === 0
  setText('problems-count', String(problems.length))
  showRows('problems', problems, (problem) => {
    return element('li', {}, element('pre', {}, problem.split('\n').map(visible).join('\n')))
  })
}

/** Green where the status is what one hopes for: these three are good news when False, all others when True. */
const hopedToBeFalse = new Set(['Reconciling', 'Stalled', 'Contested'])

function conditionItem({ type, status, reason, message }) {
  const hoped = hopedToBeFalse.has(type) ? 'False' : 'True'
  const tone = status === 'Unknown' ? 'none' : status === hoped ? 'good' : type === 'Reconciling' ? 'wait' : 'bad'
  const title = element('p', { class: 'condition-title' }, element('strong', {}, visible(type)), pill(tone, status))
  const text = element('p', { class: 'condition-text' }, element('code', {}, visible(reason)), ` ${visible(message)}`)
  return element('li', {}, title, text)
}

function componentItem({ name, enabled }) {
  return element('li', {}, element('span', {}, visible(name)), pill(enabled ? 'good' : 'none', enabled ? 'On' : 'Off'))
}

function fileRow({ path, state, message, class: kind }) {
  const note = message === '' ? undefined : element('span', { class: 'note' }, visible(message))
  return row(
    cell('File', pathText(path)),
    cell('State', pill(fileTones[state] ?? 'none', state), note),
    cell('Written by', kind === 'packaged' ? 'package' : 'repository'),
  )
}

function lostEditRow({ path, cause, writer, repairedAt, digest }) {
  const by = writer === '' ? '' : ` by ${visible(writer)}`
  const kept = element('span', { class: 'note' }, 'kept as ', element('code', {}, visible(digest.slice(0, 12))))
  return row(
    cell('File', pathText(path)),
    cell('What happened', `${lostBy[cause] ?? visible(cause)}${by}`, kept),
    cell('Repaired', timeText(repairedAt)),
  )
}

function dropRow({ path, handling, findings, holdsSecret }) {
  const secret = holdsSecret
    ? element('span', { class: 'note' }, 'holds a Secret and stays on this machine')
    : undefined
  const found = findings.map(({ code, line, column, what, fix }) =>
    element(
      'li',
      {},
      element('code', {}, visible(`${line}:${column} ${code}`)),
      ` ${visible(what)}`,
      element('span', { class: 'note' }, visible(fix)),
    ),
  )
  const findingsCell = found.length === 0 ? pill('good', 'None') : element('ul', { class: 'stacked' }, ...found)
  return row(
    cell('File', pathText(path), secret),
    cell('Handling', pill(handlingTones[handling] ?? 'none', handling)),
    cell('Findings', findingsCell),
  )
}

function passRow({ startedAt, verdict, reason, message, revision, author, trigger, changes, durationMs }) {
  const { tone, word } = verdicts[verdict] ?? { tone: 'none', word: verdict }
  const why =
    tone === 'good'
      ? undefined
      : element('span', { class: 'note' }, element('code', {}, visible(reason)), ` ${visible(message)}`)
  return row(
    cell('When', timeText(startedAt), element('span', { class: 'note' }, visible(trigger))),
    cell('Verdict', pill(tone, word), why),
    cell('Revision', revisionText(revision), element('span', { class: 'note' }, visible(author))),
    cell('Changes', changeList(changes)),
    element('td', { role: 'cell', class: 'number', 'data-label': 'Took' }, durationText(durationMs)),
  )
}

function changeList(changes) {
  if (changes.length === 0) return element('span', { class: 'quiet' }, 'none')
  const items = changes.map(({ kind, id, cause, impact }) =>
    element(
      'li',
      {},
      element('strong', {}, visible(kind)),
      ' ',
      pathText(id.replace(/^file:/, '')),
      element('span', { class: 'note' }, visible(`${cause}, impact ${impact}`)),
    ),
  )
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`
  return element('details', {}, element('summary', {}, count), element('ul', { class: 'stacked changes' }, ...items))
}

function durationText(durationMs) {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`
}
