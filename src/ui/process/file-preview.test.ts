import { h, render } from 'preact'
import { expect, test } from 'vitest'
import type { FileInfo } from '../../actors/files/file-index.ts'
import { testDom } from '../kit/test-dom.ts'
import type { ProcessFiles } from '../model.ts'
import { FilePreview } from './file-preview.tsx'

test('a file that is rewritten with the same length is read again', async () => {
  const { root, element } = testDom()
  let text = 'old'
  const files = { read: async () => new Blob([text]) } as Partial<ProcessFiles> as ProcessFiles
  const show = (version: number): void => {
    const info: FileInfo = { path: 'a', kind: 'file', bytes: 3, version }
    render(h(FilePreview, { files, pid: 'p', info }), element)
  }
  show(1)
  await expect.poll(() => root.textContent).toContain('old')
  text = 'new'
  show(2)
  await expect.poll(() => root.textContent).toContain('new')
})
