import { isSwitchedOn, itemsOf, type SettingText } from '../../k3s/config/effective-settings.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'

/** Items of the servers' `disable` lists, trimmed as K3s does it, each with its place; one disabling server is enough. */
export function disableItems(subject: LintSubject): readonly SettingText[] {
  return serversOf(subject)
    .filter((server) => knowsFlag(subject, server, 'disable'))
    .flatMap(({ settings }) => itemsOf(settings, 'disable').map((item) => ({ ...item, text: item.text.trim() })))
}

/** The same as texts, once each. */
export function disabledNames(subject: LintSubject): readonly string[] {
  return [...new Set(disableItems(subject).map((item) => item.text))]
}

export function isDisabled(subject: LintSubject, item: string): boolean {
  return disabledNames(subject).includes(item)
}

/** Whether HelmCharts are installed by K3s at all. */
export function hasHelmController(subject: LintSubject): boolean {
  return !serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-helm-controller'))
}
