import { expect, test } from 'vitest'
import { hashOf, hashOfProcess, readHash } from './route.ts'

test('a hash is read as the place that it was written for', () => {
  expect(readHash(hashOf('processes'))).toEqual({ view: 'processes', id: '', part: '' })
  expect(readHash(hashOf('p', '3kQz'))).toEqual({ view: 'p', id: '3kQz', part: '' })
  expect(readHash(hashOf('p', '3kQz', 'log'))).toEqual({ view: 'p', id: '3kQz', part: 'log' })
  expect(hashOf('peer', '12D3KooW')).toBe('#/peer/12D3KooW')
})

test('a process of another peer has a place below that peer', () => {
  const process = { pid: '3kQz', host: '12D3KooW' }
  expect(hashOfProcess(process, 'log')).toBe('#/peers/12D3KooW/p/3kQz/log')
  expect(readHash(hashOfProcess(process, 'log'))).toEqual({ view: 'p', id: '3kQz', part: 'log', host: '12D3KooW' })
  expect(readHash(hashOfProcess(process))).toEqual({ view: 'p', id: '3kQz', part: '', host: '12D3KooW' })
  expect(hashOfProcess({ pid: '3kQz' }, 'log')).toBe(hashOf('p', '3kQz', 'log'))
  expect(readHash('#/peers/12D3KooW/p')).toEqual({ view: 'peers', id: '12D3KooW', part: 'p' })
})

test('an id may have any characters', () => {
  const id = 'a/b #?&%ü'
  expect(hashOf('calls', id)).toBe('#/calls/a%2Fb%20%23%3F%26%25%C3%BC')
  expect(readHash(hashOf('calls', id)).id).toBe(id)
})

test.each(['', '#', '#join=/dns4/relay.example/tcp/443/wss', '#/', 'processes'])('%j shows the home view', (hash) => {
  expect(readHash(hash)).toEqual({ view: 'processes', id: '', part: '' })
})

test('broken percent-encoding and needless pieces break nothing', () => {
  expect(readHash('#/p/%E0%A4%A/log/more/and/more')).toEqual({ view: 'p', id: '%E0%A4%A', part: 'log' })
})

test('a link to a process or a module has a view of its own, which no address of a view leads to', () => {
  for (const hash of ['#join=/dns4/relay.example&pid=3kQz', '#join=x&method=', '#spawn=', '#spawn=bafkrei&from=x']) {
    expect(readHash(hash)).toEqual({ view: 'link', id: hash, part: '' })
  }
  for (const hash of ['#/join=x&pid=y', '#join=/dns4/pid=', '#/spawn=x', '#pid=x']) {
    expect(readHash(hash).view).not.toBe('link')
  }
  expect(readHash('#/link/x').view).toBe('processes')
})
