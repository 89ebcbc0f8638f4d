/**
 * Words by which scripts of K3s and of CNI plugins find their own lines among iptables rules, whole line, any case. A
 * rule of ours that has one of them in its text is deleted with theirs.
 * @see k3s-io/k3s install.sh (k3s-killall.sh); node-networking §1.1
 */
const vendorWord = /kube-|cni-|flannel|cilium|cali/i

export function holdsVendorWord(text: string): boolean {
  return vendorWord.test(text)
}
