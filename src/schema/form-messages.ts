import { formatCidr, parseCidr } from '../domain/cidr.ts'
import type { FormName } from './value-forms.ts'

export interface MessageText {
  readonly code: string
  readonly what: string
  readonly why: string
  readonly fix: string
}

interface FormMessage {
  readonly code: string
  /** What the value is not: `… is not an IP address`. */
  readonly is: string
  readonly why: string
  readonly fix: string
}

const dnsName = 'Kubernetes takes lower-case letters, digits and dashes, beginning and ending with a letter or digit'

const formMessages: Readonly<Record<FormName, FormMessage>> = {
  cidr: {
    code: 'CIDR_INVALID',
    is: 'an address range',
    why: 'K3s needs ranges in CIDR form, without leading zeros',
    fix: 'write it like 10.42.0.0/16 or fd00:42::/56',
  },
  address: {
    code: 'ADDRESS_INVALID',
    is: 'an IP address',
    why: 'addresses are written in full, without leading zeros and without a prefix length',
    fix: 'write it like 10.43.0.10 or fd00:43::a',
  },
  filterNetwork: {
    code: 'ADDRESS_INVALID',
    is: 'an IP address or an address range',
    why: 'the packet filter matches addresses and ranges in CIDR form; names would be looked up once and then never again',
    fix: 'write it like 192.168.1.5, 192.168.1.0/24 or fd00:1::/64',
  },
  filterInterface: {
    code: 'INTERFACE_INVALID',
    is: 'an interface name',
    why: 'Linux takes up to 15 letters, digits, dots, dashes and underscores; a + stands at the end only, and not alone, where it would mean every interface',
    fix: 'write it as ip link shows it, like eth1, or its begin and a plus, like wg+',
  },
  filterProtocol: {
    code: 'PROTOCOL_INVALID',
    is: 'a protocol',
    why: 'it takes tcp, udp, sctp, icmp, icmpv6, esp, ah, gre, or a number from 1 to 255',
    fix: 'write one of them, or take the field out for every protocol',
  },
  icmpType: {
    code: 'ICMP_TYPE_INVALID',
    is: 'an ICMP message',
    why: 'type and code go from 0 to 255 each, and only the common messages have names',
    fix: 'write a name like echo-request, a number like 8, or type and code like "3/4"',
  },
  packetRate: {
    code: 'RATE_INVALID',
    is: 'a rate',
    why: 'the kernel counts packets in a second, minute, hour or day, 10000/second at most',
    fix: 'write it like 10/second or 30/minute',
  },
  logPrefix: {
    code: 'LOG_PREFIX_INVALID',
    is: 'a prefix for log lines',
    why: 'the kernel takes 29 plain characters; quotes and backslashes are read in several ways, and scripts delete rules that hold kube-, cni-, flannel, cilium or cali',
    fix: 'write it like "ssh refused: "',
  },
  remark: {
    code: 'COMMENT_INVALID',
    is: 'a comment',
    why: 'a comment is one line of at most 255 characters, without control characters, which terminals and logs would obey',
    fix: 'write it in one line, and what is longer as a comment of the file',
  },
  segmentSize: {
    code: 'SEGMENT_SIZE_INVALID',
    is: 'a segment size',
    why: 'it takes pmtu, or bytes from 536 to 65495',
    fix: 'write pmtu, or the MTU of the link less 40 (IPv4) or 60 (IPv6)',
  },
  label: {
    code: 'NAME_INVALID',
    is: 'a name',
    why: `${dnsName}, 63 at most`,
    fix: 'write it like edge or lan-1',
  },
  subdomain: {
    code: 'NAME_INVALID',
    is: 'a name',
    why: `${dnsName}, in parts joined by dots`,
    fix: 'write it like pi-1 or home.lan',
  },
  labelKey: {
    code: 'LABEL_INVALID',
    is: 'a label name',
    why: 'Kubernetes takes letters, digits, dashes, underscores and dots, after an optional DNS name and a slash',
    fix: 'write it like role or example.com/role',
  },
  labelValue: {
    code: 'LABEL_INVALID',
    is: 'a label value',
    why: 'Kubernetes takes up to 63 letters, digits, dashes, underscores and dots',
    fix: 'write it like edge',
  },
  configMapKey: {
    code: 'CONFIG_KEY_INVALID',
    is: 'a key of a ConfigMap',
    why: 'Kubernetes takes letters, digits, dashes, underscores and dots',
    fix: 'write it like lan.server or log.override',
  },
  k3sVersion: {
    code: 'VERSION_INVALID',
    is: 'a K3s release',
    why: 'flags, backends and charts differ from release to release',
    fix: 'write it as k3s --version shows it, like v1.33.4+k3s1',
  },
  nodePortRange: {
    code: 'PORT_RANGE_INVALID',
    is: 'a range of ports',
    why: 'Kubernetes needs the first and the last port, each from 1 to 65535, the first not above the last',
    fix: 'write it like 30000-32767',
  },
  portRange: {
    code: 'PORT_RANGE_INVALID',
    is: 'a port or a range of ports',
    why: 'ports go from 1 to 65535, the first of a range not above the last',
    fix: 'write a number like 443, or a range like "30000-32767"',
  },
  interface: {
    code: 'INTERFACE_INVALID',
    is: 'an interface name',
    why: 'Linux takes up to 15 characters without spaces, slashes and colons',
    fix: 'write it as ip link shows it, like eth1',
  },
  host: {
    code: 'HOST_INVALID',
    is: 'a host name or an address',
    why: 'something has to be connected to',
    fix: 'write it like nas.home.lan or 192.168.1.1, without a port',
  },
  url: {
    code: 'URL_INVALID',
    is: 'an http or https address without credentials',
    why: 'the probe asks it as it stands, and the repository is no place for passwords',
    fix: 'write it like https://nas.home.lan/health',
  },
  chartUrl: {
    code: 'URL_INVALID',
    is: 'an http or https address without credentials',
    why: 'Helm asks it for the chart as it stands, and the repository is no place for passwords',
    fix: 'write it like https://helm.cilium.io; from a place that asks for a password, put the archive into charts/ and name it in file',
  },
  duration: {
    code: 'DURATION_INVALID',
    is: 'a duration from 1m to 24h',
    why: 'a window that is too short never lets a change through, and one above a day is always open',
    fix: 'write it like 2h, 90m or 1h30m',
  },
  confirmTimeout: {
    code: 'DURATION_INVALID',
    is: 'a duration from 10s to 5m',
    why: 'before 10 s nothing can be confirmed, and after 5 minutes a node that was cut off is missed',
    fix: 'write it like 60s or 2m; a longer one is asked for on the command line',
  },
  cron: {
    code: 'CRON_INVALID',
    is: 'a cron expression',
    why: 'a window opens by minute, hour, day of month, month and day of week',
    fix: 'write five fields, like "0 2 * * 6" for Saturdays at two',
  },
  timeZone: {
    code: 'TIME_ZONE_INVALID',
    is: 'a time zone',
    why: 'windows follow the clock of a place, summer time included',
    fix: 'write its IANA name, like Europe/Berlin or UTC',
  },
  sysctl: {
    code: 'SYSCTL_INVALID',
    is: 'a kernel setting below net.',
    why: 'only network settings are managed here',
    fix: 'write it as sysctl shows it, like net.ipv6.conf.eth0.accept_ra',
  },
  sysctlValue: {
    code: 'SYSCTL_INVALID',
    is: 'the value of a kernel setting',
    why: 'the kernel takes one line of plain text',
    fix: 'write it in quotes, like "1"',
  },
  relativePath: {
    code: 'EXTENDS_INVALID',
    is: 'a relative path',
    why: 'it names another network.yaml of this repository',
    fix: 'write it like ../../base',
  },
  disableItem: {
    code: 'DISABLE_ITEM_INVALID',
    is: 'an item of the disable list',
    why: 'K3s compares it with file names in the manifests directory, and an empty one matches all of them',
    fix: 'write a name like runtimes, without extension and without commas',
  },
  localFile: {
    code: 'FILE_NAME_INVALID',
    is: 'a path below this directory',
    why: 'it names a file that lies beside network.yaml',
    fix: 'write it like cilium-1.17.4.tgz: letters, digits, dots, dashes and underscores, directories with /',
  },
  ociUrl: {
    code: 'URL_INVALID',
    is: 'an OCI reference',
    why: 'Helm pulls the chart from it; credentials do not belong into a repository',
    fix: 'write it like oci://registry.example.net/charts/cilium',
  },
  flagName: {
    code: 'FLAG_NAME_INVALID',
    is: 'the name of a K3s flag',
    why: 'keys of config.yaml are the long flags without dashes in front',
    fix: 'write it like tls-san, without -- and without +',
  },
  flagValue: {
    code: 'FLAG_VALUE_INVALID',
    is: 'a value that K3s takes',
    why: 'flags are text, whole numbers, true or false, or lists of these',
    fix: 'write one of these; K3s would make nonsense of a map',
  },
}

export function formMessage(form: FormName, path: string, value: unknown, shown: string): MessageText {
  const cidr = typeof value === 'string' ? parseCidr(value) : undefined
  if (cidr?.hasHostBits === true && (form === 'cidr' || form === 'filterNetwork')) {
    return {
      code: 'CIDR_HOST_BITS',
      what: `${path} ${shown} is an address inside a range, not the range`,
      why: 'one reader takes the range, another the single address',
      fix: `write ${formatCidr(cidr)} for the range, or /${cidr.family === 4 ? 32 : 128} for the address`,
    }
  }
  if (form === 'filterNetwork' && typeof value === 'string' && /^::ffff:/i.test(value)) {
    return {
      code: 'ADDRESS_MAPPED',
      what: `${path} ${shown} is an IPv4 address written as an IPv6 one`,
      why: 'no packet carries such an address, so the rule would never match',
      fix: 'write the IPv4 address',
    }
  }
  const { code, is, why, fix } = formMessages[form]
  return { code, what: `${path} ${shown} is not ${is}`, why, fix }
}
