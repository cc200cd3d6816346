import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from '@playwright/test'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const USUAL_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
  String.raw`C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`,
  '/snap/bin/chromium',
]

/**
 * Chromium takes the last such list only, so this begins with that of Playwright 1.65.1. The two popups are pages of Chromium's
 * own that each new window loads for its address bar: they took a quarter of the time of a test.
 */
const DISABLED_FEATURES =
  'AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,' +
  'LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,' +
  'TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,' +
  'WebUIOmniboxPopup,WebUIOmniboxAimPopup'

/** For machines without a network: Chromium contacts nobody. As root it does not start with its sandbox. */
export const CHROMIUM_FLAGS = [
  `--disable-features=${DISABLED_FEATURES}`,
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

/**
 * The executable of a real Chromium: CHROMIUM_PATH, Playwright's own, the system's, or one installed now. Playwright
 * loads its config in every worker, so the first answer is kept in CHROMIUM_PATH, which the workers inherit.
 * @throws {Error} that says what to do if there is none and none can be installed
 */
export function findChromium(): string {
  const path = named() ?? installed() ?? installWithPlaywright() ?? installWithApt()
  if (path === undefined) {
    throw new Error(
      'These tests need Chromium, and it could be neither found nor installed. Install Chromium or Google Chrome, ' +
        'or run "npx playwright install --with-deps chromium", or set CHROMIUM_PATH to the executable.',
    )
  }
  process.env['CHROMIUM_PATH'] = path
  return path
}

function named(): string | undefined {
  const path = process.env['CHROMIUM_PATH']
  if (path === undefined || path === '') return undefined
  if (existsSync(path)) return path
  throw new Error(`CHROMIUM_PATH is ${path}, and there is no such file.`)
}

function installed(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [chromium.executablePath(), ...onPath, ...USUAL_PATHS].find((path) => existsSync(path))
}

function installWithPlaywright(): string | undefined {
  return run('npx', 'playwright', 'install', '--with-deps', 'chromium') ? installed() : undefined
}

function installWithApt(): string | undefined {
  if (process.getuid?.() !== 0) return undefined
  return run('apt-get', 'update') && run('apt-get', 'install', '-y', 'chromium') ? installed() : undefined
}

/** Longest time of one step of an installation, in ms. */
const INSTALL_TIMEOUT_MS = 5 * 60_000

/** Whether the command could be run and succeeded. Its output goes to stderr, so that a long wait explains itself. */
function run(command: string, ...args: string[]): boolean {
  process.stderr.write(`No Chromium found. Trying: ${command} ${args.join(' ')}\n`)
  try {
    execFileSync(command, args, { stdio: ['ignore', 2, 2], timeout: INSTALL_TIMEOUT_MS })
    return true
  } catch {
    return false
  }
}
