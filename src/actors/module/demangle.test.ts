import { expect, test } from 'vitest'
import { demangle, demangled } from './demangle.ts'

test.each([
  // Legacy symbols of Rust.
  ['_ZN4core9panicking5panic17h0123456789abcdefE', 'core::panicking::panic'],
  ['_ZN9developer4boom17h6d3a1f8e9b0c2d4eE', 'developer::boom'],
  ['_ZN3std2rt10lang_start28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE', 'std::rt::lang_start::{{closure}}'],
  [
    '_ZN48_$LT$std..io..Stdin$u20$as$u20$std..io..Read$GT$4read17h0123456789abcdefE',
    '<std::io::Stdin as std::io::Read>::read',
  ],
  // v0 symbols.
  ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
  ['_RNvNtCs1234_4core9panicking9panic_fmt', 'core::panicking::panic_fmt'],
  ['_RINvCs1234_7mycrate3maxlE', 'mycrate::max<i32>'],
  ['_RINvNtCs1234_3std3mem8align_ofjE', 'std::mem::align_of<usize>'],
  ['_RNvMCs1234_7mycrateNtB2_3Foo3new', '<mycrate::Foo>::new'],
  ['_RNvXCs1234_7mycrateNtB2_3FooNtB2_3Bar3run', '<mycrate::Foo as mycrate::Bar>::run'],
  ['_RINvCs1234_7mycrate4callRShTlyEE', 'mycrate::call<&[u8], (i32, u64)>'],
  // C++.
  ['_ZN3app6Server5startEv', 'app::Server::start'],
  // Neither.
  ['main', 'main'],
  ['run.command_export', 'run.command_export'],
  ['_start', '_start'],
  ['_Z3fooi', '_Z3fooi'],
  ['_R', '_R'],
  ['Run', 'Run'],
  ['_RNvCs1234_7mycrate9', '_RNvCs1234_7mycrate9'],
] as const)('%s', (name, source) => {
  expect(demangle(name)).toBe(source)
})

test('what looks like a symbol and is endless is given up', () => {
  expect(demangle(`_R${'NvC'.repeat(1000)}`)).toMatch(/^_RNv/)
  expect(demangle(`_RNvCs_1aB${'_'.repeat(100)}`)).toMatch(/^_R/)
  expect(demangle(`_ZN${'9'.repeat(400)}a`)).toBe('a')
})

test('frames are told with the names of the source', () => {
  const frames = ['in _ZN3app4boomE at 0x4f', 'in a function without a name at 0x1']
  expect(demangled(frames)).toEqual(['in app::boom at 0x4f', 'in a function without a name at 0x1'])
  const inWebKit = ['in _ZN3app4boomE (function 3)', 'in _ZN3app4boomE', 'in function 3']
  expect(demangled(inWebKit)).toEqual(['in app::boom (function 3)', 'in app::boom', 'in function 3'])
})
