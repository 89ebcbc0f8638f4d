import type { EffectiveSettings, SettingText } from '../config/effective-settings.ts'

/**
 * The value of one argument in lists like `kubelet-arg`: of `max-pods=200` it is `200`. The last one counts. What an
 * item does not say after `=` is empty.
 * @param keys the flag and its hidden older names
 * @see k3s-io/k3s pkg/util/args.go
 */
export function argumentOf(
  settings: EffectiveSettings,
  keys: readonly string[],
  name: string,
): SettingText | undefined {
  return argumentsOf(settings, keys, name).at(-1)
}

/** Every value that is given to the argument, in order. */
export function argumentsOf(
  settings: EffectiveSettings,
  keys: readonly string[],
  name: string,
): readonly SettingText[] {
  const items = keys.flatMap((key) => settings.get(key)?.values ?? [])
  return items.flatMap((item) => {
    const [key = '', ...rest] = item.text.replace(/^-{1,2}/, '').split('=')
    return key === name ? [{ ...item, text: rest.join('=') }] : []
  })
}

/** The option of the controller manager, with the hidden name that fills the same list. */
export const controllerManagerKeys = ['kube-controller-arg', 'kube-controller-manager-arg'] as const
