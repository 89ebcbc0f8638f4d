import { gunzipSync, gzipSync } from 'node:zlib'

/** All annotations of an object together are 256 KiB at most; nobody packs more than this into one in good faith. */
const longestText = 32 * 1024 * 1024

/**
 * The compression of `objectset.rio.cattle.io/applied`.
 * @see rancher/wrangler pkg/apply/desiredset_compare.go (`compress`); k3s-packaged-components §2.6
 */
export const gzipCodec = {
  compress: (text: string): Uint8Array => gzipSync(text),
  /** @throws for what is not gzip, or unpacks to more than 32 MiB */
  decompress: (bytes: Uint8Array): string => gunzipSync(bytes, { maxOutputLength: longestText }).toString('utf8'),
}
