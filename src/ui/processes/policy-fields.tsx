import { CheckField, ChoiceField, LinesField, NumberField, TextField } from '../kit/form-fields.tsx'
import type { Policy } from '../../glia/process/policy.ts'
import type { PolicyErrors, PolicyForm } from './policy-form.ts'

export interface PolicyFieldsProps {
  form: PolicyForm
  errors: PolicyErrors
  /** Whether the process has an instance for each key. Left out: it has none. */
  hasKeys?: boolean
  onEdit: (changes: Partial<PolicyForm>) => void
}

const CALLERS: Readonly<Record<PolicyForm['callers'], string>> = {
  browser: 'This browser only',
  anyone: 'Whoever has the address',
  listed: 'Everybody: it is listed to other peers',
  peers: 'This browser and named peers',
}

const CALL: Readonly<Record<PolicyForm['call'], string>> = {
  off: 'Nobody',
  caller: 'Others, with the rights of who calls it',
  owner: 'Others, as this browser, whoever calls it',
}

/** Who may call a process. */
export function CallersFields({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <>
      <ChoiceField
        label="Who may call it"
        words={CALLERS}
        value={form.callers}
        onEdit={(callers) => onEdit({ callers })}
      />
      {form.callers === 'peers' && (
        <>
          <LinesField
            label="Peer ids, one a line"
            placeholder="12D3…"
            value={form.peers}
            error={errors.peers}
            onEdit={(peers) => onEdit({ peers })}
          />
          <CheckField label="It is listed to them" value={form.listed} onEdit={(listed) => onEdit({ listed })} />
        </>
      )}
    </>
  )
}

/** Methods with callers of their own, and who is told why a call failed. */
export function MethodsField({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <>
      <LinesField
        label="Methods with callers of their own, one a line"
        placeholder="increment: browser"
        value={form.methods}
        error={errors.methods}
        onEdit={(methods) => onEdit({ methods })}
      />
      <TextField
        label="Who sees the end of stderr when a call fails"
        placeholder="browser, anyone, or peer ids"
        value={form.stderr}
        error={errors.stderr}
        onEdit={(stderr) => onEdit({ stderr })}
      />
      <CheckField
        label="Its module is shared: whoever has its CID gets it and can run it"
        value={form.sharesModule}
        onEdit={(sharesModule) => onEdit({ sharesModule })}
      />
    </>
  )
}

/** Whom a process may call, and whether it makes processes. */
export function CallFields({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <>
      <ChoiceField
        label="Whom it may call, as files under /ww"
        words={CALL}
        value={form.call}
        onEdit={(call) => onEdit({ call })}
      />
      {form.call !== 'off' && (
        <LinesField
          label="Only these addresses, one a line; * is any"
          placeholder="/ww/0.1.0/self/root/*"
          value={form.callTo}
          error={errors.callTo}
          onEdit={(callTo) => onEdit({ callTo })}
        />
      )}
      <CheckField
        label="It may make processes, with at most its own rights, and manage those"
        value={form.maySpawn}
        onEdit={(maySpawn) => onEdit({ maySpawn })}
      />
      {form.maySpawn && (
        <div class="limits">
          <NumberField
            label="Processes that it made, and theirs"
            value={form.children}
            error={errors.children}
            onEdit={(children) => onEdit({ children })}
          />
          <NumberField
            label="Memory of all of them, MiB"
            value={form.childrenMiB}
            error={errors.childrenMiB}
            onEdit={(childrenMiB) => onEdit({ childrenMiB })}
          />
        </div>
      )}
      <LinesField
        label="Web servers that it may ask, as files under /http: their origins, one a line"
        placeholder="https://example.org"
        value={form.http}
        error={errors.http}
        onEdit={(http) => onEdit({ http })}
      />
    </>
  )
}

const LIMITS = [
  ['deadlineSeconds', 'Time for a message, s'],
  ['memoryMiB', 'Memory, MiB'],
  ['messageMiB', 'Largest message, MiB'],
  ['replyMiB', 'Largest reply, MiB'],
  ['dataMiB', 'Files in /data, MiB'],
  ['tmpMiB', 'Files in /tmp, MiB'],
  ['mailbox', 'Waiting messages'],
  ['openFiles', 'Open files'],
  ['openCalls', 'Calls at once'],
] as const

const MEMORY: Readonly<Record<Policy['memory'], string>> = {
  resident: 'is lost when it is stopped, and when the page is closed',
  durable: 'is kept when it is stopped to make room, and when the page is closed',
  fresh: 'is new for each message',
}

/** What a process may take; with keys, what the instance of each may. */
export function LimitFields({ form, errors, hasKeys = false, onEdit }: PolicyFieldsProps) {
  return (
    <fieldset>
      <legend class="label">{hasKeys ? 'Number of keys, and limits for each' : 'Limits'}</legend>
      <div class="limits">
        {hasKeys && (
          <NumberField label="Keys" value={form.keys} error={errors.keys} onEdit={(keys) => onEdit({ keys })} />
        )}
        {LIMITS.map(([field, label]) => (
          <NumberField
            key={field}
            label={label}
            value={form[field]}
            error={errors[field]}
            onEdit={(value) => onEdit({ [field]: value })}
          />
        ))}
      </div>
      <TextField
        label="Exit codes that are no failure"
        placeholder="1 of grep and diff"
        value={form.okExits}
        error={errors.okExits}
        onEdit={(okExits) => onEdit({ okExits })}
      />
      <CheckField
        label="Its fsync waits until the files are on the disk, also if the browser is killed then"
        value={form.durable}
        onEdit={(durable) => onEdit({ durable })}
      />
      <ChoiceField
        label="What it has in memory"
        words={MEMORY}
        value={form.memory}
        onEdit={(memory) => onEdit({ memory })}
      />
      {form.memory === 'durable' && (
        <CheckField
          label="A reply ends only when what its message left in memory is kept"
          value={form.storesFirst}
          onEdit={(storesFirst) => onEdit({ storesFirst })}
        />
      )}
      <CheckField
        label="It may be stopped while it is idle to make room for others, and lose what it has in memory"
        value={form.mayEvict}
        onEdit={(mayEvict) => onEdit({ mayEvict })}
      />
    </fieldset>
  )
}

/** What is recorded of its calls. */
export function RecordFields({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <fieldset>
      <legend class="label">Record of its calls</legend>
      <CheckField label="Its calls are recorded" value={form.traced} onEdit={(traced) => onEdit({ traced })} />
      {form.traced && (
        <>
          <CheckField
            label="The record has the first 4 KiB of each message and reply"
            value={form.keepsHeads}
            onEdit={(keepsHeads) => onEdit({ keepsHeads })}
          />
          <TextField
            label="Who sees calls of a trace in which they took no part"
            placeholder="browser, anyone, or peer ids"
            value={form.traceTo}
            error={errors.traceTo}
            onEdit={(traceTo) => onEdit({ traceTo })}
          />
        </>
      )}
    </fieldset>
  )
}

/** All fields of a policy. */
export function PolicyFields(props: PolicyFieldsProps) {
  return (
    <>
      <CallersFields {...props} />
      <MethodsField {...props} />
      <CallFields {...props} />
      <LimitFields {...props} />
      <RecordFields {...props} />
    </>
  )
}
