/** How much an agent may say of its node, so that nobody with the credential of one can fill the datastore. */
export const longestText = 1_024
/** Of what is a name, a code or a digest. */
export const longestWord = 256
export const mostConditions = 20
/** Of every other list. */
export const mostListed = 20
