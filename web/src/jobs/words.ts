/** How is what a job says put into the words of this screen? */
import type { Job } from '@/api/types'
import type { Lang } from '@/i18n/messages'
import { jobsZh } from '@/i18n/messages-jobs'

export type JobKey = keyof typeof jobsZh
type Say = (key: JobKey, values?: Record<string, string | number>) => string

export interface Remark {
  severity: string
  rule: string
  message: string
  message_zh?: string | null
  row?: number | null
  code?: string | null
  remedy?: string | null
  remedy_zh?: string | null
}
export interface Report {
  title?: string
  counts?: Record<string, number>
  remarks?: Remark[]
}

const known = (key: string): JobKey | null => (key in jobsZh ? (key as JobKey) : null)
const kindOf = (what: string, t: Say): string => {
  const key = known(`what_${what}`)
  return key ? t(key) : what
}

/** A step such as `checking parts`; a name that has no words here stays as it is. */
export function stepWords(label: string, t: Say): string {
  const whole = known(`step_${label.replaceAll(' ', '_')}`) ?? known(`job_${label}`)
  if (whole) return t(whole)
  const [verb = '', ...rest] = label.split(' ')
  const key = known(`step_${verb}`)
  if (!key) return label
  const what = rest.join(' ')
  return t(key, { what: known(`what_${what}`) ? kindOf(what, t).toLowerCase() : ` ${what}` }).replace('  ', ' ').trim()
}

/** What a job is called: an import by what is in its files, an edit by what it does. */
export function nameOf(job: Job, t: Say): string {
  const edit = known(`job_edit_${job.what}`)
  if (job.kind === 'edit' && edit) return t(edit)
  const key = known(`job_${job.kind}`)
  return key ? t(key) : job.kind
}

/** What a job does now, and how far that is. */
export function stepOf(job: Job, t: Say): string {
  if (!job.label || job.label === job.kind) return ''
  return stepWords(job.label, t) + (job.total > 1 ? ` ${job.done}/${job.total}` : '')
}

/** Why a job did not do what was asked: in Chinese where the service has the words, else as it says it. */
export function faultWords(fault: NonNullable<Job['fault']>, lang: Lang, t: Say): string {
  const said = lang === 'zh-CN' && fault.message_zh ? [fault.message_zh, fault.remedy_zh] : [fault.message, fault.remedy]
  return inFormWords(said.filter(Boolean).join(lang === 'zh-CN' && fault.message_zh ? '' : ' '), t)
}

/** What a step of a report was, for reports with several. */
export function titleWords(title: string, t: Say): string {
  const [verb = '', ...rest] = title.split(' ')
  const key = known(`job_${verb}`)
  return key ? [t(key), kindOf(rest.join(' '), t)].filter(Boolean).join(' ') : title
}

/** The counts a person asks about; those of inner steps are in the report of the interface for programs. */
export function countWords(counts: Record<string, number>): [JobKey, number][] {
  return Object.entries(counts).flatMap(([name, n]) => {
    const key = known(`count_${name}`)
    return key && (n || name === 'rows' || name === 'inserted') ? [[key, n] as [JobKey, number]] : []
  })
}

/** What is wrong and what helps; options of commands are called as the form calls them. */
export function remarkWords(remark: Remark, lang: Lang, t: Say): { what: string; remedy: string } {
  const zh = lang === 'zh-CN'
  const of = zh && remark.message_zh && remark.code && !remark.row && !remark.message_zh.includes(remark.code) ? `${remark.code}：` : ''
  const what = of + ((zh && remark.message_zh) || remark.message)
  const remedy = (zh && (remark.message_zh ? (remark.remedy_zh ?? '') : remark.remedy)) || (zh ? '' : remark.remedy) || ''
  return { what, remedy: inFormWords(remedy, t) }
}

export const inFormWords = (text: string, t: Say): string =>
  text
    .replaceAll(/(?<=[\u4e00-\u9fff]) ?--accept-partial ?|--accept-partial/g, t('acceptPartialNamed'))
    .replaceAll(/(?<=[\u4e00-\u9fff]) ?--exact ?|--exact/g, t('exactNamed'))
    .replaceAll(/Name the column with --map COLUMN=(\w+)\.?/g, (_, field: string) => t('nameColumn', { field }))

const ORDER = ['error', 'left_over', 'mended']

/** The remarks somebody should see, the worst first. */
export const severe = (remarks: Remark[] = []): Remark[] =>
  remarks.filter((r) => ORDER.includes(r.severity)).sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))

/** The reports of a job, of one step or of several; those with nothing to show are left out. */
export function reportsOf(job: Job): Report[] {
  const told = (job.result ?? job.fault ?? {}) as { report?: Report; reports?: Report[]; remarks?: Remark[] }
  const all = told.reports ?? (told.report ? [told.report] : told.remarks ? [{ remarks: told.remarks }] : [])
  return all.filter((report) => severe(report.remarks).length || countWords(report.counts ?? {}).length)
}
