export interface ModuleParts {
  imports: readonly WebAssembly.ModuleImportDescriptor[]
  exports: readonly WebAssembly.ModuleExportDescriptor[]
}

/** The imports and the exports of a module. Rejects if the bytes are none. */
export async function partsOf(bytes: Blob): Promise<ModuleParts> {
  const module = await WebAssembly.compile(await bytes.arrayBuffer())
  return { imports: WebAssembly.Module.imports(module), exports: WebAssembly.Module.exports(module) }
}

/** Imports have the name of the module that they are from. */
export function PartList({ parts }: { parts: readonly { module?: string; name: string; kind: string }[] | undefined }) {
  if (!parts) return <span class="soft">–</span>
  if (parts.length === 0) return <span class="soft">none</span>
  return (
    <ul class="plain module-parts">
      {parts.map(({ module, name, kind }, i) => (
        <li key={i} class="mono wrap">
          {module !== undefined && <span class="soft">{module} </span>}
          {name} <span class="soft">{kind}</span>
        </li>
      ))}
    </ul>
  )
}
