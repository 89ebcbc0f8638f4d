type Texts = Readonly<Record<string, string>>

/** Labels and annotations of one object that are, or are to be, ours. */
export interface OurFields {
  readonly labels: Texts
  readonly annotations: Texts
}

export const noFields: OurFields = { labels: {}, annotations: {} }

/** The values of `live` that differ from those of `wanted`: what somebody else has there. What is absent is no value. */
export function othersValues(wanted: OurFields, live: OurFields): OurFields {
  return { labels: differing(wanted.labels, live.labels), annotations: differing(wanted.annotations, live.annotations) }
}

/** Whether `fields` has every key of `part`, with the same value. */
export function includes(fields: OurFields, part: OurFields): boolean {
  return hasAll(fields.labels, part.labels) && hasAll(fields.annotations, part.annotations)
}

export function isEmpty(fields: OurFields): boolean {
  return hasOnly(fields, noFields, noFields)
}

/** Whether every key of `fields` is in one of the others. */
export function hasOnly(fields: OurFields, first: OurFields, second: OurFields): boolean {
  return (
    areAmong(fields.labels, first.labels, second.labels) &&
    areAmong(fields.annotations, first.annotations, second.annotations)
  )
}

/** Those of `fields` whose keys are not in `other`. */
export function without(fields: OurFields, other: OurFields): OurFields {
  return { labels: lacking(fields.labels, other.labels), annotations: lacking(fields.annotations, other.annotations) }
}

export function joined(first: OurFields, second: OurFields): OurFields {
  return {
    labels: { ...first.labels, ...second.labels },
    annotations: { ...first.annotations, ...second.annotations },
  }
}

/** Those of `fields` whose keys are in `other` as well. */
export function within(fields: OurFields, other: OurFields): OurFields {
  return without(fields, without(fields, other))
}

function differing(wanted: Texts, live: Texts): Texts {
  return kept(live, (key, value) => Object.hasOwn(wanted, key) && wanted[key] !== value)
}

function lacking(texts: Texts, other: Texts): Texts {
  return kept(texts, (key) => !Object.hasOwn(other, key))
}

function hasAll(texts: Texts, part: Texts): boolean {
  for (const key in part) if (texts[key] !== part[key]) return false
  return true
}

function areAmong(texts: Texts, first: Texts, second: Texts): boolean {
  for (const key in texts) if (!Object.hasOwn(first, key) && !Object.hasOwn(second, key)) return false
  return true
}

function kept(texts: Texts, isKept: (key: string, value: string) => boolean): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([key, value]) => isKept(key, value)))
}
