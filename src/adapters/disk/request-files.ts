/** Files in the state directory that other verbs write for the running process to see at once. */
export const requestFileNames = ['suspension.json', 'reconcile-request.json', 'adoption.json'] as const
