declare const brand: unique symbol

/** A string that only its own parser can make: `Brand<string, 'Cidr'>` is not assignable from a plain string. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }
