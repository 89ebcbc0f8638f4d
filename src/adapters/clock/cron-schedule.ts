import { CronJob } from 'cron'
import { Failure } from '../../domain/failure.ts'

/**
 * Calls `run` at every time that a cron expression names in a time zone. A call that falls into the hour skipped in
 * spring comes right after it; one in the hour repeated in autumn comes once.
 * @throws Failure SCHEDULE_INVALID for an expression that is none or never fires (30 February), or an unknown time zone
 */
export function scheduleCron(expression: string, timeZone: string, run: () => void): () => void {
  let job: CronJob
  try {
    job = CronJob.from({
      cronTime: expression,
      timeZone,
      onTick: run,
      waitForCompletion: true,
      // A schedule that dies of one bad call would be missed by nobody.
      errorHandler: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
      start: false,
    })
    job.nextDate()
  } catch (cause) {
    throw new Failure(
      `the schedule ${JSON.stringify(expression)} in ${JSON.stringify(timeZone)} never fires`,
      {
        code: 'SCHEDULE_INVALID',
        where: expression,
        fix: 'use five fields, like "0 2 * * 6", that some day of the year matches, and a time zone like Europe/Berlin',
        retry: 'when-changed',
      },
      { cause },
    )
  }
  job.start()
  return () => {
    void job.stop()
  }
}
