import type { Plugin } from 'vite'

/** Files of views, which are edited while the page runs. */
const VIEWS = /\/src\/ui\/.*\.tsx$/

/**
 * Keeps the state of the page when a view is edited under `npm run dev`: Vite's compiler marks the components, and Prefresh puts a new
 * version in the place of the old one. `@preact/preset-vite` would need Babel for that, and `@prefresh/vite` 4.0.1 needs a package that
 * refuses Node 20. This is the part of them that our views use.
 */
export function refresh(): Plugin {
  return {
    name: 'glia:refresh',
    apply: (_config, { command, mode }) => command === 'serve' && mode !== 'test',
    config: () => ({
      oxc: { jsx: { refresh: true }, jsxRefreshInclude: VIEWS },
      optimizeDeps: { include: ['@prefresh/core', '@prefresh/utils'] },
    }),
    transform: {
      filter: { id: VIEWS },
      handler: (code, id) => ({ code: `${marksOf(id)};${code}\nimport.meta.hot.accept($flush)`, map: null }),
    },
  }
}

/** What the compiler's marks call: they tell Prefresh of each component and of the hooks in it. One line: the source map stays right. */
function marksOf(id: string): string {
  return [
    `import '@prefresh/core'`,
    `import { flush as $flush } from '@prefresh/utils'`,
    `const $RefreshReg$ = (type, name) => self.__PREFRESH__.register(type, ${JSON.stringify(`${id} `)} + name)`,
    `const $RefreshSig$ = () => (type, key, reset, hooks) => (key && self.__PREFRESH__.sign(type, key, reset, hooks, 'begin'), type)`,
  ].join('; ')
}
