/**
 * Inside a page, so it uses nothing from outside itself: puts copies of the last process into the store, under PIDs of
 * their own and names that begin with the given text. They are there after a reload.
 */
export async function copyProcess({ count, name }: { count: number; name: string }): Promise<void> {
  const opening = indexedDB.open('glia')
  await new Promise((resolve) => (opening.onsuccess = resolve))
  const transaction = opening.result.transaction('processes', 'readwrite')
  const processes = transaction.objectStore('processes')
  const reading = processes.getAll()
  reading.onsuccess = () => {
    const record = (reading.result as { pid: string; root: boolean; createdAt: number }[]).find(({ root }) => !root)
    for (let i = 1; i <= count; i++) {
      const pid = `${record?.pid.slice(0, -4)}${String(i).padStart(4, '0').replaceAll('0', 'z')}`
      processes.put({ ...record, pid, name: `${name}${i}`, createdAt: (record?.createdAt ?? 0) + i })
    }
  }
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  opening.result.close()
}
