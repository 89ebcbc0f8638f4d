import * as z from 'zod'
import { parseAddress, parseCidr } from '../domain/cidr.ts'
import { parseDurationMs } from '../domain/duration.ts'
import { icmpKindsByName } from '../domain/icmp-types.ts'
import { parsePacketRate } from '../domain/packet-rate.ts'
import { holdsVendorWord } from '../domain/vendor-words.ts'
import { isCronExpression } from './cron-form.ts'

// Compiling a schema pays off after hundreds of documents; a command reads a few and has ended before that.
z.config({ jitless: true })

/** Names of the forms that a text may have to have; `problem-messages.ts` says for each what is wrong and how to mend it. */
export type FormName =
  | 'cidr'
  | 'address'
  | 'filterNetwork'
  | 'filterInterface'
  | 'filterProtocol'
  | 'icmpType'
  | 'packetRate'
  | 'logPrefix'
  | 'remark'
  | 'segmentSize'
  | 'label'
  | 'subdomain'
  | 'labelKey'
  | 'labelValue'
  | 'configMapKey'
  | 'k3sVersion'
  | 'nodePortRange'
  | 'portRange'
  | 'interface'
  | 'host'
  | 'url'
  | 'chartUrl'
  | 'duration'
  | 'confirmTimeout'
  | 'cron'
  | 'timeZone'
  | 'sysctl'
  | 'sysctlValue'
  | 'relativePath'
  | 'disableItem'
  | 'localFile'
  | 'ociUrl'
  | 'flagName'
  | 'flagValue'

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/
const interfaceName = /^[^\s/:.-][^\s/:]{0,14}$/
/** As the kernel matches it: letters that no shell, log or tool reads as something else, and a `+` for what begins so. */
const filterInterfaceName = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,14}|[A-Za-z0-9_.-]{0,13}\+)$/
const logPrefixForm = /^(?=[^ ])[\x20\x21\x23-\x26\x28-\x5b\x5d-\x7e]{1,29}$/
/** The first releases of 1.17 have a dot before their last number. */
const k3sVersion = /^v1\.(0|[1-9]\d?)\.(0|[1-9]\d?)(-(alpha|beta|rc)\d+)?\+k3s\.?[1-9]\d?$/

export const cidr = form('cidr', (text) => parseCidr(text)?.hasHostBits === false)
export const address = form('address', (text) => parseAddress(text) !== undefined)
export const filterNetwork = form('filterNetwork', isFilterNetwork)
export const filterInterface = form('filterInterface', (text) => filterInterfaceName.test(text), filterInterfaceName)
export const icmpType = form('icmpType', isIcmpType)
export const packetRate = form('packetRate', (text) => parsePacketRate(text) !== undefined)
export const logPrefix = form('logPrefix', (text) => logPrefixForm.test(text) && !holdsVendorWord(text))
export const remark = form('remark', (text) => /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,255}$/u.test(text))
export const dnsLabel = form('label', (text) => label.test(text), label)
export const dnsSubdomain = form('subdomain', isSubdomain)
export const labels = z.record(
  form('labelKey', isLabelKey),
  form('labelValue', (text) => labelValue.test(text)),
)
export const configMapKey = form('configMapKey', (text) => text.length <= 253 && /^[A-Za-z0-9._-]+$/.test(text))
export const release = form('k3sVersion', (text) => k3sVersion.test(text), k3sVersion)
export const nodePortRange = form('nodePortRange', isPortRange)
export const networkInterface = form('interface', (text) => interfaceName.test(text), interfaceName)
export const host = form('host', (text) => parseAddress(text) !== undefined || isSubdomain(text))
export const httpUrl = form('url', isHttpUrl)
export const chartUrl = form('chartUrl', isHttpUrl)
export const windowDuration = form('duration', (text) => isBetween(parseDurationMs(text), 60_000, 24 * 3_600_000))
export const confirmTimeout = form('confirmTimeout', (text) => isBetween(parseDurationMs(text), 10_000, 300_000))
export const cronExpression = form('cron', isCronExpression)
export const timeZone = form('timeZone', isTimeZone)
export const sysctlName = form('sysctl', (text) => /^net(\.[A-Za-z0-9_/-]+)+$/.test(text) && text.length <= 256)
export const sysctlValue = form('sysctlValue', (text) => /^[\x20-\x7e]{1,256}$/.test(text))
export const relativePath = form('relativePath', (text) => /^[^\\\p{Cc}]{1,1024}$/u.test(text) && !text.startsWith('/'))
export const disableItem = form('disableItem', (text) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,252})*$/.test(text),
)
export const localFile = form(
  'localFile',
  (text) => /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(text) && text.length <= 256,
)
export const ociUrl = form('ociUrl', (text) => /^oci:\/\/[A-Za-z0-9][^\s@\p{Cc}]{1,512}$/u.test(text))
export const flagName = form('flagName', (text) => /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) && text.length <= 64)
export const port = z.int().min(1).max(65_535)
export const portOrRange = z.union([port, form('portRange', isPortRange)])

function form(name: FormName, check: (text: string) => boolean, pattern?: RegExp) {
  const schema = z.string().refine(check, { params: { form: name } })
  return pattern === undefined ? schema : schema.meta({ pattern: pattern.source })
}

/** `::ffff:192.0.2.1` is an IPv4 address in the clothes of an IPv6 one: no packet carries it. */
function isFilterNetwork(text: string): boolean {
  const network = parseCidr(text)
  const address = network === undefined ? parseAddress(text) : { family: network.family, value: network.network }
  if (address === undefined || network?.hasHostBits === true) return false
  return address.family === 4 || address.value >> 32n !== 0xffffn
}

function isIcmpType(text: string): boolean {
  if (Object.values(icmpKindsByName).some((names) => Object.hasOwn(names, text))) return true
  const numbers = /^(\d{1,3})(\/(\d{1,3}))?$/.exec(text)
  return numbers !== null && Number(numbers[1]) <= 255 && Number(numbers[3] ?? 0) <= 255
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => label.test(part))
}

function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/')
  if (slash >= 0 && !isSubdomain(text.slice(0, slash))) return false
  const name = text.slice(slash + 1)
  return name !== '' && labelValue.test(name)
}

function isPortRange(text: string): boolean {
  const match = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/.exec(text)
  return match !== null && Number(match[1]) <= Number(match[2]) && Number(match[2]) <= 65_535
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s@]+$/.test(text) && URL.canParse(text)
}

function isBetween(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}

function isTimeZone(text: string): boolean {
  if (text.length > 64 || !/^[A-Za-z]+([A-Za-z0-9_+/-]*[A-Za-z0-9])?$/.test(text)) return false
  // The first format that a process makes takes ten times as long as the list; other names for a zone are not in it.
  if (Intl.supportedValuesOf('timeZone').includes(text)) return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
