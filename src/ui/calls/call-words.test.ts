import { expect, test } from 'vitest'
import { answeredWords, timeWords } from './call-words.ts'
