/** The author of what Fairlead itself commits. */
export const publisher = { name: 'Fairlead', email: 'fairlead@localhost' } as const
