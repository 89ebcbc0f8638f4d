import { keepTableRoles } from './page-dom.js'
import { showDrift, showHistory, showLastPass, showStatus } from './page-views.js'

const connection = document.getElementById('connection')
const reopenAfterMs = 5000

let fetching = false
let stale = false

keepTableRoles()
open()

/** One stream for as long as the page is open; the browser reconnects by itself, except after an HTTP error. */
function open() {
  const stream = new EventSource('/api/stream')
  stream.addEventListener('open', () => tellConnection('live', 'Live'))
  stream.addEventListener('status', (event) => {
    showStatus(JSON.parse(event.data))
    void refreshLists()
  })
  stream.addEventListener('beat', (event) => showLastPass(JSON.parse(event.data).lastPassAtMs))
  stream.addEventListener('error', () => {
    tellConnection('lost', 'Reconnecting')
    if (stream.readyState === EventSource.CLOSED) setTimeout(open, reopenAfterMs)
  })
}

/** History and drift, at most one request for each under way; changes meanwhile make one more. */
async function refreshLists() {
  stale = true
  if (fetching) return
  fetching = true
  try {
    while (stale) {
      stale = false
      const [history, drift] = await Promise.all([read('/api/history'), read('/api/drift')])
      showHistory(history.passes)
      if (history.lastPassAt !== null) showLastPass(Date.parse(history.lastPassAt))
      showDrift(drift.lostEdits)
    }
  } catch {
    // The stream says that the connection is lost, and its next status reads the lists again.
  } finally {
    fetching = false
  }
}

async function read(path) {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response.json()
}

/** Written only when it changed, so that a screen reader says it once. */
function tellConnection(state, text) {
  if (connection.dataset.state === state) return
  connection.dataset.state = state
  connection.textContent = text
}
