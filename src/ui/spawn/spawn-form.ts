import type { SpawnOptions } from '../../actors/table/spawn-options.ts'
import { MAX_DESCRIPTION } from '../../glia/description.ts'
import { type GivenPolicy, makePolicy } from '../../glia/process/policy.ts'
import { DEFAULT_RESTART, type RestartType } from '../../glia/process/restart.ts'
import { defaultPolicy } from '../processes/default-policy.ts'
import { type PolicyForm, policyForm, readPolicyForm } from '../processes/policy-form.ts'
import { splitArgs } from '../processes/split-args.ts'

/** The fields of the sheet as text, as the person typed them. */
export interface SpawnForm extends PolicyForm {
  name: string
  /** What it does, for people who open a link to it. */
  description: string
  /** Arguments, as in a shell. */
  args: string
  /** Lines of KEY=value. */
  env: string
  restart: RestartType
  /** It has an instance for each key. */
  key: boolean
}

/** Why a field cannot be used, one sentence each. */
export type FormErrors = Partial<Record<keyof SpawnForm, string>>

export type ReadForm = { options: SpawnOptions } | { errors: FormErrors }

/** The fields when the sheet is opened. */
export function newForm(name: string, policy?: GivenPolicy): SpawnForm {
  return {
    ...policyForm(policy ? makePolicy(policy) : defaultPolicy()),
    name,
    description: '',
    args: '',
    env: '',
    restart: DEFAULT_RESTART.type,
    key: false,
  }
}

/** The meaning of the fields, or which of them mean nothing. */
export function readForm(form: SpawnForm): ReadForm {
  const errors: FormErrors = {}
  const name = form.name.trim()
  if (name === '' || name.length > 100) errors.name = 'Give it a name of 1 to 100 characters.'
  const description = form.description.trim()
  if (description.length > MAX_DESCRIPTION) errors.description = `Say it in at most ${MAX_DESCRIPTION} characters.`
  const args = splitArgs(form.args)
  if (!args) errors.args = 'A quote is not closed, or nothing follows the last backslash.'
  const env = readEnv(form.env)
  if (typeof env === 'string') errors.env = env
  const policy = readPolicyForm(form, errors)
  if (Object.keys(errors).length > 0 || typeof env === 'string') return { errors }
  return {
    options: {
      name,
      description,
      // What is left out is as it was in a snapshot, and nothing of a module.
      ...(args && args.length > 0 && { args }),
      ...(Object.keys(env).length > 0 && { env }),
      restart: form.restart,
      ...(form.key && { key: true }),
      policy,
    },
  }
}

/** The meaning of KEY=value lines, or what is wrong with one of them. */
function readEnv(text: string): Record<string, string> | string {
  const env = new Map<string, string>()
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const at = line.indexOf('=')
    const key = line.slice(0, at).trim()
    if (at < 0 || key === '') return `“${line.trim()}” is no KEY=value line.`
    if (key.startsWith('WW_')) return `${key}: names that begin with WW_ are set by Glia.`
    if (env.has(key)) return `“${key}” has two lines. Leave one of them.`
    env.set(key, line.slice(at + 1))
  }
  return Object.fromEntries(env)
}
