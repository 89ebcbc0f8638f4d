import type { Namespaces } from './lab.ts'

/**
 * Sends one router advertisement for fd77::/64 from `device` to everybody on its link. Node has no raw sockets; perl is
 * essential on Debian, and its base package has them.
 * @see RFC 4861 §4.2 and §4.6.2; the kernel fills in the checksum (RFC 3542 §3.1)
 */
export async function advertiseRouter<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  device: string,
  lifetimeSeconds = 1800,
): Promise<void> {
  const [link] = JSON.parse(await lab.x(ns, ['ip', '-j', 'link', 'show', 'dev', device])) as [{ ifindex: number }]
  await lab.x(ns, ['perl', '-e', script, `${link.ifindex}`, `${lifetimeSeconds}`])
}

/** 41 is IPPROTO_IPV6, 17 and 18 are IPV6_MULTICAST_IF and IPV6_MULTICAST_HOPS: receivers insist on 255 hops. */
const script = `use strict; use Socket qw(:DEFAULT pack_sockaddr_in6 inet_pton AF_INET6);
my ($index, $lifetime) = @ARGV;
socket(my $socket, AF_INET6, SOCK_RAW, 58) or die "socket: $!";
setsockopt($socket, 41, 17, pack("i", $index)) or die "interface: $!";
setsockopt($socket, 41, 18, pack("i", 255)) or die "hops: $!";
my $advertisement = pack("CCnCCnNN", 134, 0, 0, 64, 0, $lifetime, 0, 0);
my $prefix = pack("CCCCNNN", 3, 4, 64, 0xc0, 86400, 14400, 0) . inet_pton(AF_INET6, "fd77::");
send($socket, $advertisement . $prefix, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, "ff02::1"), $index)) or die "send: $!";
`
