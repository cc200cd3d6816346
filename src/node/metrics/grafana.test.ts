import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { echo, makeProc } from '../../glia/test-peer.ts'
import type { MeshNode } from '../../mesh/node.ts'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { startTab } from '../test-tab.ts'

interface Target {
  expr: string
  refId: string
  datasource: { type: string; uid: string }
}

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { h: number; w: number; x: number; y: number }
  datasource?: { type: string; uid: string }
  fieldConfig?: { defaults: { unit: string }; overrides: unknown[] }
  options?: object
  targets?: Target[]
}

interface Variable {
  name: string
  type: string
  query: string | { query: string }
  /** Grafana's schema wants its text and its value, or nothing. */
  current?: object
}

interface Dashboard {
  title: string
  uid: string
  schemaVersion: number
  panels: Panel[]
  templating: { list: Variable[] }
  time: { from: string; to: string }
}

/** Units of Grafana that the dashboard uses. */
const UNITS = ['reqps', 's', 'Bps', 'bytes', 'short', 'percentunit']

const dashboard = JSON.parse(readFileSync(new URL('grafana.json', import.meta.url), 'utf8')) as Dashboard
const charts = dashboard.panels.filter(({ type }) => type !== 'row')
const queries = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
let servers: TestServers
let server: GliaServer
let tab: MeshNode

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start()
  const relay = server.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  tab = await startTab(makeProc(() => echo).proc, [relay])
  const { port } = server
  await ask('/ww/0.1.0/self/root/echo', { port, method: 'POST', body: 'hello' })
  await ask('/ww/0.1.0/self/root/echo', { port, method: 'POST', body: 'hello' })
  await ask('/ww/0.1.0/self/root/nothing', { port, method: 'POST' })
})

afterAll(async () => {
  await tab.stop()
  await servers.end()
})

async function metrics(): Promise<string> {
  return (await ask('/metrics', { port: server.port })).body
}

/** The values of a figure, by its labels as text. */
function valuesOf(text: string, name: string): Record<string, number> {
  const lines = [...text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)].filter(([, found]) => found === name)
  return Object.fromEntries(lines.map(([, , labels = '', value]) => [labels, Number(value)]))
}

test('a running server has each figure that the dashboard asks for, with each label', async () => {
  const variables = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]))
  const asked = [...queries, ...variables].flatMap((query) =>
    [...query.matchAll(/([a-z][\w:]*)\{|label_values\((\w+)/g)].map(([, name, other]) => name ?? other ?? ''),
  )
  expect(new Set(asked).size).toBeGreaterThan(20)
  await expect.poll(async () => valuesOf(await metrics(), 'glia_connections')).not.toEqual({})
  const text = await metrics()
  expect(asked.filter((name) => Object.keys(valuesOf(text, name)).length === 0)).toEqual([])
  for (const query of queries) {
    const [, labels = ''] = /by \((.*?)\)/.exec(query) ?? []
    const [, name = ''] = /([a-z][\w:]*)\{/.exec(query) ?? []
    // Prometheus adds the instance.
    for (const label of labels.split(', ').filter((each) => each !== 'instance')) {
      expect([query, Object.keys(valuesOf(text, name)).every((found) => found.includes(`${label}="`))]).toEqual([
        query,
        true,
      ])
    }
  }
})

test('calls of the peer and of its process are counted, and their times are a histogram', async () => {
  // A caller has the reply a moment before the call is over.
  await expect.poll(async () => valuesOf(await metrics(), 'glia_calls_total')).toEqual({ '': 3 })
  const text = await metrics()
  expect(valuesOf(text, 'glia_call_errors_total')).toEqual({ '': 1 })
  expect(valuesOf(text, 'glia_process_calls_total')).toEqual({ '{process="root"}': 3 })
  expect(valuesOf(text, 'glia_process_call_errors_total')).toEqual({ '{process="root"}': 1 })
  expect(valuesOf(text, 'glia_process_call_bytes_total')).toEqual({
    '{process="root",direction="in"}': 10,
    '{process="root",direction="out"}': 10,
  })
  expect(valuesOf(text, 'glia_process_live')).toEqual({ '{process="root"}': 1 })
  expect(valuesOf(text, 'glia_process_memory_bytes')['{process="root"}']).toBeGreaterThan(0)
  for (const name of ['glia_call_duration_seconds', 'glia_process_call_duration_seconds']) {
    const buckets = Object.entries(valuesOf(text, `${name}_bucket`)).map(([labels, count]) => {
      const [, end] = /le="(.*?)"/.exec(labels) ?? []
      return [end === '+Inf' ? Infinity : Number(end), count] as const
    })
    expect(buckets).toEqual(buckets.toSorted(([a, x], [b, y]) => a - b || x - y))
    expect(buckets.at(-1)).toEqual([Infinity, 2])
    expect(Object.values(valuesOf(text, `${name}_count`))).toEqual([2])
    const [sum = NaN] = Object.values(valuesOf(text, `${name}_sum`))
    const slowest = buckets.find(([, count]) => count === 2)?.[0] ?? NaN
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(2 * slowest)
  }
})

test('no figure has a PID: whoever has an address may call', async () => {
  const root = (await ask('/root', { port: server.port })).body
  expect(await metrics()).not.toContain(root)
})

test('the dashboard has the form that Grafana takes', () => {
  expect(dashboard).toMatchObject({
    title: expect.any(String) as string,
    uid: expect.stringMatching(/^[\w-]{1,40}$/) as string,
    time: { from: 'now-1h', to: 'now' },
    annotations: { list: [] },
  })
  // Version 37 has panels as they are here. Grafana brings older dashboards up to date.
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(37)
  const ids = dashboard.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const variables = dashboard.templating.list.map(({ name, type }) => [name, type])
  expect(variables).toEqual([
    ['datasource', 'datasource'],
    ['instance', 'query'],
  ])
  for (const { current = { text: '', value: '' } } of dashboard.templating.list) {
    expect(Object.keys(current)).toEqual(expect.arrayContaining(['text', 'value']))
  }
  for (const { type, title, datasource, fieldConfig, options, targets = [] } of charts) {
    expect([title, type, datasource]).toEqual([title, 'timeseries', { type: 'prometheus', uid: '${datasource}' }])
    expect(UNITS).toContain(fieldConfig?.defaults.unit)
    expect(options).toBeDefined()
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    expect(targets.length).toBeGreaterThan(0)
    for (const target of targets) {
      expect(target.datasource).toEqual(datasource)
      expect(target.expr.split('(').length).toBe(target.expr.split(')').length)
      const used = [...target.expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)
      expect(used.filter((name) => name !== '__rate_interval' && name !== 'instance')).toEqual([])
    }
  }
})

test('the panels are within the 24 columns of the page, and none covers another', () => {
  for (const [i, { gridPos: a, title }] of dashboard.panels.entries()) {
    expect([title, a.x >= 0 && a.w > 0 && a.h > 0 && a.x + a.w <= 24]).toEqual([title, true])
    for (const { gridPos: b, title: other } of dashboard.panels.slice(i + 1)) {
      const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
      expect([title, other, isApart]).toEqual([title, other, true])
    }
  }
})
